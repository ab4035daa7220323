"""The rules in Postgres, and the policies that follow from them."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.allocation import Policy
from inventory.domain.demand import by_demand
from inventory.domain.rules import Effective, Reason, Rule, RuleBook, Setting, values_of
from inventory.domain.stock import Item

_VERSION = text("select version from rules_version")
_QUEUE = text("select version from rules_version for update")
_ALL = text("""
select v.version, r.name, r.sku, r.category, r.channel, cast(r.sets as text) as sets
from rules_version v left join rules r on true order by r.name
""")
_SHOWN = text("""
select name, sku, category, channel, cast(sets as text) as sets, changed_at from rules
where cast(:name as text) is null or name = :name order by name
""")
_DELETE = text("delete from rules where name = any(cast(:names as text[]))")
_INSERT = text("""
insert into rules (name, sku, category, channel, sets, changed_at)
select name, sku, category, channel, cast(sets as jsonb), :now from unnest(
    cast(:names as text[]), cast(:skus as text[]), cast(:categories as text[]), cast(:channels as text[]),
    cast(:sets as text[])) as n (name, sku, category, channel, sets)
""")
_DEMAND = text("""
select sku, cast(weights as text) as weights, words from demand_weights where sku = any(cast(:skus as text[]))
""")


class RuleCache:
    """The rules as of their newest version; one for the whole process.

    The version is read in each transaction, so a change is noticed by every replica with the next thing it does.
    """

    def __init__(self, default: Policy) -> None:
        self._book = RuleBook(default)
        self._version: int | None = None

    @property
    def default(self) -> Policy:
        """What holds where no rule sets anything."""
        return self._book.default

    async def book(self, connection: AsyncConnection) -> RuleBook:
        """The book that the connection's next statement sees."""
        version = (await connection.execute(_VERSION)).scalar_one()
        if version != self._version:
            rows = (await connection.execute(_ALL)).all()
            rules = [_rule(row) for row in rows if row.name is not None]
            self._book, self._version = RuleBook(self.default, rules), rows[0].version
        return self._book


class PostgresPolicies:
    """Which policy each item is under, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection, cache: RuleCache) -> None:
        self._connection = connection
        self._cache = cache

    async def of(self, items: Sequence[Item]) -> dict[str, Policy]:
        book = await self._cache.book(self._connection)
        policies = {item.sku: book.effective(item.sku, item.category)[0] for item in items}
        follow = [sku for sku, policy in policies.items() if policy.demand_weighted]
        if follow:
            for sku, (weights, _) in (await self._demand(follow)).items():
                policies[sku] = by_demand(policies[sku], weights)
        return policies

    async def why(self, item: Item) -> Effective:
        book = await self._cache.book(self._connection)
        policy, reasons = book.effective(item.sku, item.category)
        found = (await self._demand([item.sku])).get(item.sku) if policy.demand_weighted else None
        if found is None:
            return policy, reasons
        followed = by_demand(policy, found[0])
        return followed, tuple(_outdone(reasons, followed, found[1]))

    async def _demand(self, skus: Sequence[str]) -> dict[str, tuple[dict[str, int], str]]:
        rows = await self._connection.execute(_DEMAND, {"skus": list(skus)})
        return {row.sku: (json.loads(row.weights), row.words) for row in rows}


def _outdone(reasons: Iterable[Reason], policy: Policy, words: str) -> Iterable[Reason]:
    """The reasons with each weight given by demand instead of by a rule."""
    by_rule = {reason.setting: reason for reason in reasons}
    for channel, weight in policy.weights.items():
        setting = Setting("weight", channel)
        loser = by_rule.pop(setting, None)
        lost = () if loser is None else ((loser.rule, loser.value), *loser.lost)
        yield Reason(setting, weight, "demand", words, lost)
    yield from by_rule.values()


class PostgresRules:
    """The rules themselves, within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def queue(self) -> None:
        """Wait until no other transaction changes rules."""
        await self._connection.execute(_QUEUE)

    async def shown(self, name: str | None = None) -> list[dict[str, Any]]:
        """One rule or all, as people write them, by name."""
        rows = (await self._connection.execute(_SHOWN, {"name": name})).mappings()
        return [dict(row) | {"sets": json.loads(row["sets"])} for row in rows]

    async def replace(self, documents: Sequence[dict[str, Any]], delete: Sequence[str], now: dt.datetime) -> None:
        """Keep the rules as people write them, new or instead of those of the same name, and delete others."""
        names = [document["name"] for document in documents]
        await self._connection.execute(_DELETE, {"names": [*names, *delete]})
        await self._connection.execute(
            _INSERT,
            {
                "names": names,
                "skus": [document["sku"] for document in documents],
                "categories": [document["category"] for document in documents],
                "channels": [document["channel"] for document in documents],
                "sets": [json.dumps(document["sets"], ensure_ascii=False) for document in documents],
                "now": now,
            },
        )


def _rule(row: Any) -> Rule:  # noqa: ANN401 - a row of `_ALL`
    values = values_of(json.loads(row.sets), row.channel)
    return Rule(row.name, values, sku=row.sku, category=row.category, channel=row.channel)
