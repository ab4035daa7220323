"""The functions under test, so that a test may put a changed copy of one in their place."""

import dataclasses as dc
import datetime as dt
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

import contracts

from inventory.domain import escrow
from inventory.domain.escrow import Memory
from inventory.domain.shelf import Move
from inventory.domain.stock import Item, Offer

Seen = tuple[tuple[int, dt.datetime], ...]
"""The watermarks that count, as (partition, known until)."""


def proves(quantity: int, live_above: int, shown: int, *, is_earlier_on_way: bool) -> bool:
    """What the verifier takes as proof; it knows of earlier writes by their ceilings."""
    if quantity == 0 and is_earlier_on_way:
        return False
    return contracts.proves_live(quantity, live_above, shown)


def note_watermark(seen: Seen, partition: int, known_until: dt.datetime) -> Seen:
    """The newest of each partition, as `runtime.watermarks` keeps them."""
    newest = dict(seen)
    newest[partition] = max(known_until, newest.get(partition, known_until))
    return tuple(sorted(newest.items()))


def known_until(seen: Seen, partitions: int) -> dt.datetime | None:
    """The minimum over the partitions; None before each has had one."""
    return min(moment for _, moment in seen) if len(seen) == partitions else None


def deliverable(stream: Sequence[object]) -> Sequence[int]:
    """Which of a channel's sales and watermarks may come next: those of one partition come in their order."""
    return range(min(1, len(stream)))


def is_known(event_id: str, known: AbstractSet[str]) -> bool:
    """Whether the ledger has an event already."""
    return event_id in known


def restocked(offer: Offer, units: int, now: dt.datetime, memory: Memory) -> Offer:
    """A cancellation where nobody knows whether the marketplace puts the units back on sale."""
    return escrow.put_back(offer, units, now, restocks=True, memory=memory)


@dc.dataclass(frozen=True, slots=True)
class Mechanics:
    """What the inventory, the connectors and the relay do. The defaults are production's."""

    can_issue: Callable[[Item, Offer, int, int], bool] = escrow.can_issue
    issue: Callable[[Offer, int, int, dt.datetime, Memory], tuple[Offer, Move]] = escrow.issue
    live_above: Callable[[Offer, dt.datetime, Memory], int] = escrow.live_above
    sell: Callable[[Offer, int, dt.datetime, dt.datetime, Memory], tuple[Offer, int]] = escrow.sell
    put_back: Callable[[Offer, int, dt.datetime, Memory], Offer] = restocked
    close: Callable[[Offer, int], Offer] = escrow.close
    doubt: Callable[[Offer, int], Offer] = escrow.doubt
    go_live: Callable[[Offer, int, dt.datetime, dt.timedelta], Offer] = escrow.go_live
    settle: Callable[[Offer, dt.datetime | None], Offer] = escrow.settle
    read: Callable[[Offer, int, dt.datetime, dt.timedelta, dt.datetime, Memory], tuple[Offer, int]] = escrow.read
    settle_reading: Callable[[Offer, dt.datetime | None], Offer] = escrow.settle_reading
    proves: Callable[..., bool] = proves
    note_watermark: Callable[[Seen, int, dt.datetime], Seen] = note_watermark
    known_until: Callable[[Seen, int], dt.datetime | None] = known_until
    deliverable: Callable[[Sequence[object]], Sequence[int]] = deliverable
    is_known: Callable[[str, AbstractSet[str]], bool] = is_known
    tells_cancelled: bool = True
    """Whether the importer tells of an order that it first sees cancelled."""


PRODUCTION = Mechanics()
