"""Keep, change and delete rules of prices, and have the prices that they concern computed again; or only try it out."""

import dataclasses as dc
from collections.abc import Iterable, Sequence
from decimal import Decimal

from runtime.work import Work
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters import price_queue
from inventory.adapters.channel_prices import Listed, everything_listed
from inventory.adapters.price_rules import PostgresPriceRules
from inventory.domain.price_rules import PriceBook, PriceRule, problems
from inventory.domain.quotes import Quote, quote
from inventory.handlers.change_rules import CONFLICT, NOT_FOUND, UNUSABLE, RefusedError


@dc.dataclass(frozen=True, slots=True)
class PriceDifference:
    """A listing whose price would change: its amount and problem as they are and as they would be."""

    listed: Listed
    before: Quote
    after: Quote


@dc.dataclass(slots=True)
class PricePreview:
    """How many listings would get another price or problem; the first of them behind the SKU that was asked for."""

    priced: int = 0
    changed: int = 0
    differences: list[PriceDifference] = dc.field(default_factory=list)
    next: str | None = None


async def change_price_rules(
    put: Sequence[PriceRule], delete: Sequence[str], channels: Iterable[str], work: Work
) -> bool:
    """Apply the change as a whole or not at all; answers whether anything is different now.

    Raises:
        RefusedError: nothing was changed.
    """
    rules = PostgresPriceRules(work.connection)
    await rules.queue()
    before = await rules.book()
    _propose(before, put, delete, channels)
    new = [rule for rule in put if before.rules.get(rule.name) != rule]
    gone = [before.rules[name] for name in (*delete, *(rule.name for rule in new)) if name in before.rules]
    if not new and not gone:
        return False
    await rules.replace(new, delete, work.now)
    await price_queue.add_scopes(work.connection, [*gone, *new])
    return True


async def preview_price_rules(
    put: Sequence[PriceRule],
    delete: Sequence[str],
    channels: Iterable[str],
    connection: AsyncConnection,
    *,
    after: str,
    limit: int,
) -> PricePreview:
    """What the change would do, without doing it: differences of at least `limit` listings, whole SKUs, in SKU order.

    Raises:
        RefusedError: the change could not be applied.
    """
    before = await PostgresPriceRules(connection).book()
    proposed = _propose(before, put, delete, channels)
    preview = PricePreview()
    async for chunk in everything_listed(connection):
        for listed in chunk:
            _compare(preview, listed, (before, proposed), after, limit)
    return preview


def _compare(preview: PricePreview, listed: Listed, books: tuple[PriceBook, PriceBook], after: str, limit: int) -> None:
    was, would_be = (quote(listed.product, listed.channel, book) for book in books)
    preview.priced += would_be.price is not None
    if (_amount(was), was.problem) == (_amount(would_be), would_be.problem):
        return
    preview.changed += 1
    sku, kept = listed.product.sku, preview.differences
    if sku <= after or preview.next is not None:
        return
    if len(kept) >= limit and (not kept or kept[-1].listed.product.sku != sku):
        preview.next = kept[-1].listed.product.sku if kept else after
        return
    kept.append(PriceDifference(listed, was, would_be))


def _amount(found: Quote) -> Decimal | None:
    return found.price.price if found.price else None


def _propose(book: PriceBook, put: Sequence[PriceRule], delete: Sequence[str], channels: Iterable[str]) -> PriceBook:
    known = list(channels)
    names = [*(rule.name for rule in put), *delete]
    if len(set(names)) < len(names):
        raise RefusedError(UNUSABLE, "a rule is named more than once: name each once")
    found = [f"rule {rule.name!r}: {problem}" for rule in put for problem in problems(rule, known)]
    if found:
        raise RefusedError(UNUSABLE, "; ".join(found[:5]))
    missing = [name for name in delete if name not in book.rules]
    if missing:
        raise RefusedError(NOT_FOUND, f"no price rule {missing[0]!r}: GET /v1/price-rules lists them")
    after = book.changed(put, delete)
    _refuse_equal_scopes(after)
    return after


def _refuse_equal_scopes(book: PriceBook) -> None:
    """Two rules for the same SKUs and channel would leave nothing to say which one wins."""
    owners: dict[tuple[str | None, ...], str] = {}
    for rule in book.rules.values():
        owner = owners.setdefault((rule.sku, rule.category, rule.channel), rule.name)
        if owner != rule.name:
            raise RefusedError(CONFLICT, f"rule {owner!r} has the scope of {rule.name!r} already: change that one")
