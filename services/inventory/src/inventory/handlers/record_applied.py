"""Note how far each target got at its channel, and follow up where nobody knows."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from contracts import AnyEvent, AppliedStatus, StockApplied
from runtime.records import Delivery
from runtime.work import Work

from inventory.adapters.targets import STEPS, note_applied
from inventory.domain import stock
from inventory.domain.stock import Item
from inventory.domain.terms import Terms
from inventory.handlers.follow_moves import FollowMoves
from inventory.handlers.retarget import retargeting
from inventory.ports import Book

Offer = tuple[str, str]
"""(channel, SKU)."""


class RecordApplied:
    """Safe to see again: an older revision never overwrites a newer one, nor an earlier step of one its later step.

    A connector never submits a quantity above zero twice under one revision. So when the outcome of the newest one is
    unknown, a new revision is computed from what is true now.
    """

    def __init__(self, open_book: Callable[[Work], Book], terms: Terms | None = None) -> None:
        self._open_book = open_book
        self._retarget = retargeting(terms)
        self._moves = FollowMoves(terms, self._retarget) if terms else None

    async def __call__(self, deliveries: Sequence[Delivery[StockApplied]], work: Work) -> None:
        newest = _newest(deliveries)
        if self._moves:
            await self._moves.follow(deliveries, self._open_book(work), work)
            await note_applied(work.connection, [newest[key].data for key in sorted(newest)], work.now)
            return
        unknown = {key: d for key, d in newest.items() if d.data.status is AppliedStatus.UNKNOWN}
        book = self._open_book(work)
        items = await book.lock(sorted({sku for _, sku in unknown})) if unknown else {}
        news = await note_applied(work.connection, [newest[key].data for key in sorted(newest)], work.now)
        await self._follow_up({key: d for key, d in unknown.items() if key in news}, items, book, work)

    async def _follow_up(
        self, unknown: dict[Offer, Delivery[StockApplied]], items: dict[str, Item], book: Book, work: Work
    ) -> None:
        touched: dict[str, set[str]] = defaultdict(set)
        causes: dict[str, AnyEvent] = {}
        for (channel, sku), delivery in unknown.items():
            if any(o.channel == channel and o.revision == delivery.data.revision for o in _offers(items, sku)):
                touched[sku].add(channel)
                causes[sku] = delivery.event
        followed = [items[sku] for sku in sorted(touched)]
        await self._retarget(followed, book, work, causes=causes, touched=touched)


def _newest(deliveries: Sequence[Delivery[StockApplied]]) -> dict[Offer, Delivery[StockApplied]]:
    """The last word on the newest revision of each offer; readings are about no revision."""
    newest: dict[Offer, Delivery[StockApplied]] = {}
    for delivery in deliveries:
        data = delivery.data
        known = newest.get((data.channel, data.sku))
        if data.revision is not None and (known is None or _progress(data) >= _progress(known.data)):
            newest[data.channel, data.sku] = delivery
    return newest


def _progress(applied: StockApplied) -> tuple[int, int]:
    """The revision, and how far it got."""
    return applied.revision or 0, STEPS.index(applied.status) if applied.status in STEPS else -1


def _offers(items: dict[str, Item], sku: str) -> tuple[stock.Offer, ...]:
    return items[sku].offers if sku in items else ()
