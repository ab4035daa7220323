"""Keep, change and delete rules, and have the targets of the SKUs concerned looked at again."""

import dataclasses as dc
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from runtime.work import Work
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters import rebalance_queue
from inventory.adapters.rebalance_queue import Concerned
from inventory.adapters.rules import PostgresRules, RuleCache
from inventory.domain.rules import Rule, RuleBook, problems, values_of

NOT_FOUND, CONFLICT, UNUSABLE = 404, 409, 422


class RefusedError(Exception):
    """Rules can't be changed like this; the message says why and what to do. `status` is the HTTP status that fits."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dc.dataclass(frozen=True, slots=True)
class Change:
    """Rules to put, as people write them (name, sku, category, channel, sets), and names of rules to delete."""

    put: Sequence[dict[str, Any]]
    delete: Sequence[str] = ()


@dc.dataclass(frozen=True, slots=True)
class Changed:
    """How many rules are new or different now, how many were deleted, and how many SKUs that concerns."""

    put: int
    deleted: int
    concerned: int


@dc.dataclass(frozen=True, slots=True)
class Proposal:
    """The rules as they are and as they would be; `old` and `new` are those that differ."""

    before: RuleBook
    after: RuleBook
    old: tuple[Rule, ...]
    new: tuple[Rule, ...]

    @property
    def concerned(self) -> Concerned:
        return Concerned.by([*self.old, *self.new])


async def change_rules(change: Change, cache: RuleCache, work: Work) -> Changed:
    """Apply the change as a whole or not at all. Rules that are like that already stay untouched.

    Changes of rules queue for each other. The cache never sees what is not committed.

    Raises:
        RefusedError: nothing was changed.
    """
    rules = PostgresRules(work.connection)
    await rules.queue()
    proposal = await propose(change, cache, work.connection)
    new = {rule.name for rule in proposal.new}
    if not new and not proposal.old:
        return Changed(0, 0, 0)
    await rules.replace([document for document in change.put if document["name"] in new], change.delete, work.now)
    concerned = await rebalance_queue.add(work.connection, proposal.concerned, work.now)
    return Changed(len(new), len(change.delete), concerned)


async def propose(change: Change, cache: RuleCache, connection: AsyncConnection) -> Proposal:
    """What the change would make of the rules.

    Raises:
        RefusedError: a rule can't be used, contradicts another one, or does not exist.
    """
    before = await cache.book(connection)
    wanted = [_rule(document) for document in change.put]
    _refuse_unusable(wanted, change.delete, before)
    new = tuple(rule for rule in wanted if before.rules.get(rule.name) != rule)
    gone = {*change.delete, *(rule.name for rule in new)}
    old = tuple(rule for name, rule in before.rules.items() if name in gone)
    after = before.changed(new, change.delete)
    _refuse_equal_scopes(after, new)
    return Proposal(before, after, old, new)


def _rule(document: dict[str, Any]) -> Rule:
    scope = {name: document[name] for name in ("sku", "category", "channel")}
    return Rule(document["name"], values_of(document["sets"], document["channel"]), **scope)


def _refuse_unusable(wanted: Sequence[Rule], delete: Sequence[str], before: RuleBook) -> None:
    twice = [name for name, count in Counter([*(rule.name for rule in wanted), *delete]).items() if count > 1]
    if twice:
        raise RefusedError(UNUSABLE, f"named more than once: {', '.join(twice)}: name each rule once")
    found = [f"rule {r.name!r}: {problem}" for r in wanted for problem in problems(r, before.default.weights)]
    if found:
        raise RefusedError(UNUSABLE, "; ".join(found[:5]))
    missing = [name for name in delete if name not in before.rules]
    if missing:
        raise RefusedError(NOT_FOUND, f"no rule {', '.join(map(repr, missing))}: GET /v1/rules lists them")


def _refuse_equal_scopes(after: RuleBook, new: Iterable[Rule]) -> None:
    """Two rules for the same SKUs and channel would leave nothing but their names to say which one wins."""
    owners: dict[tuple[str | None, ...], str] = {}
    added = {rule.name for rule in new}
    for rule in sorted(after.rules.values(), key=lambda rule: rule.name in added):
        owner = owners.setdefault((rule.sku, rule.category, rule.channel), rule.name)
        if owner != rule.name:
            raise RefusedError(CONFLICT, f"rule {owner!r} has the scope of {rule.name!r} already: change that one")
