"""Why a marketplace shows another quantity than was desired: pure functions.

A lower quantity may always be a sale that is not known yet, so it is believed only when a second reading says so too,
once the orders of the time are known. A higher one is told at once: more may be sold than is there.
"""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Sequence

from connector_sdk.marketplace import Reading
from connector_sdk.sold_lines import SoldLine

DEFAULT_MARGIN = dt.timedelta(seconds=5)
"""How far two clocks may differ where the marketplace shows none."""
_ENDED = frozenset({"rejected"})


class Verdict(enum.StrEnum):
    """What a comparison found. The five in the middle are causes of a difference."""

    AGREES = "agrees"
    IN_FLIGHT = "in_flight"
    PENDING_ORDER = "pending_order"
    HAND_EDIT = "hand_edit"
    LOST_WRITE = "lost_write"
    STALE_READING = "stale_reading"
    NOT_SENT = "not_sent"
    """The newest target has ended without being written; `/v1/failed` names it."""
    NOT_OFFERED = "not_offered"
    """The marketplace has no such listing, or sells it from its own stock."""


CAUSES = (
    *(Verdict.IN_FLIGHT, Verdict.PENDING_ORDER, Verdict.HAND_EDIT, Verdict.LOST_WRITE),
    *(Verdict.STALE_READING, Verdict.NOT_SENT, Verdict.NOT_OFFERED),
)


@dc.dataclass(frozen=True, slots=True)
class Shown:
    """A quantity that was read earlier."""

    quantity: int
    observed_at: dt.datetime


@dc.dataclass(frozen=True, slots=True)
class Target:
    """The newest target of a SKU and how far it got. `submitted_at` and `live_at` are on the marketplace's clock.

    `is_under_way`: this or an earlier write may still go live. `is_proven`: a reading proved it live. `before`: what
    the last reading before its submission showed.
    """

    sku: str
    external_sku: str
    revision: int
    quantity: int
    state: str
    is_closed: bool
    is_reached: bool
    is_under_way: bool
    is_proven: bool
    live_above: int | None
    submitted_at: dt.datetime | None
    live_at: dt.datetime | None
    margin: dt.timedelta = DEFAULT_MARGIN
    before: Shown | None = None

    @property
    def sent(self) -> int | None:
        """The quantity that was written last, where that is the newest target's."""
        return self.quantity if self.state in ("accepted", "live") or self.is_reached else None


@dc.dataclass(frozen=True, slots=True)
class Judged:
    """`excess`: more is shown than may be. `is_doubtful`: a second reading is to tell."""

    verdict: Verdict
    excess: bool = False
    is_doubtful: bool = False


def judge(target: Target, reading: Reading, sold: Sequence[SoldLine], known_until: dt.datetime | None) -> Judged:
    """What a reading says of a target. `sold` are the lines known; orders are known until `known_until`."""
    if reading.quantity is None:
        return Judged(Verdict.NOT_OFFERED, is_doubtful=True)
    if unsettled := _unsettled(target, reading):
        return Judged(Verdict.AGREES if reading.quantity == target.quantity else unsettled)
    lowest, highest = expected(target, reading, sold)
    if lowest <= reading.quantity <= highest:
        return Judged(Verdict.AGREES if reading.quantity == target.quantity else Verdict.PENDING_ORDER)
    if reading.quantity > highest:
        return Judged(cause(target, reading.quantity, sold), excess=True)
    is_known = known_until is not None and known_until >= reading.observed_at + target.margin
    verdict = cause(target, reading.quantity, sold) if is_known else Verdict.PENDING_ORDER
    return Judged(verdict, is_doubtful=True)


def _unsettled(target: Target, reading: Reading) -> Verdict | None:
    """Why a target can't be held against this reading."""
    if target.state in _ENDED or (target.is_closed and not target.is_reached):
        return Verdict.NOT_SENT
    if target.live_at is None or target.state != "live" or target.is_under_way:
        return Verdict.IN_FLIGHT
    return Verdict.STALE_READING if reading.observed_at < target.live_at - target.margin else None


def expected(target: Target, reading: Reading, sold: Sequence[SoldLine]) -> tuple[int, int]:
    """The least and the most that a live target can show, given what was sold since.

    A cancelled unit may have gone back on sale or not; an order from the time of the write may count or not.
    """
    live_at, sent_at = target.live_at or reading.observed_at, target.submitted_at or reading.observed_at
    may_count = [line for line in sold if line.placed_at >= sent_at - target.margin]
    until = reading.observed_at - target.margin
    must_count = [line for line in sold if live_at + target.margin < line.placed_at < until]
    put_back = [line for line in sold if line.placed_at <= live_at + target.margin and line.updated_at >= sent_at]
    lowest = target.quantity - sum(line.quantity for line in may_count)
    highest = target.quantity - sum(line.quantity - line.quantity_cancelled for line in must_count)
    return max(0, lowest), max(0, highest + sum(line.quantity_cancelled for line in put_back))


def cause(target: Target, shown: int, sold: Sequence[SoldLine]) -> Verdict:
    """Hand edit or lost write: a write that a reading proved live was not lost."""
    return Verdict.LOST_WRITE if not target.is_proven and _is_as_before(target, shown, sold) else Verdict.HAND_EDIT


def _is_as_before(target: Target, shown: int, sold: Sequence[SoldLine]) -> bool:
    """Whether it is what was on sale before the write; where that is not known, nothing speaks against it."""
    if before := target.before:
        since = sum(line.quantity for line in sold if line.placed_at >= before.observed_at - target.margin)
        return before.quantity - since <= shown <= before.quantity
    if shown < target.quantity and target.live_above is not None:
        return shown <= target.live_above
    return True


@dc.dataclass(frozen=True, slots=True)
class Confirmed:
    """What two readings come to. `tell`: the second is to be published. `is_open`: it can't be said yet."""

    verdict: Verdict
    tell: bool = False
    is_open: bool = False


def confirm(
    target: Target, first: Reading, second: Reading, sold: Sequence[SoldLine], known_until: dt.datetime | None
) -> Confirmed:
    """What is true of a listing that showed too little, or nothing at all, at the first reading."""
    again = judge(target, second, sold, known_until)
    if second.quantity is None:
        return Confirmed(Verdict.NOT_OFFERED, tell=second.refusal is not None)
    if again.excess or again.verdict in (Verdict.IN_FLIGHT, Verdict.NOT_SENT):
        return Confirmed(again.verdict, tell=again.excess)
    is_explained = not judge(target, first, sold, known_until).is_doubtful
    if is_explained or not again.is_doubtful:
        return Confirmed(Verdict.PENDING_ORDER if is_explained else Verdict.STALE_READING)
    if known_until is None or known_until < first.observed_at + target.margin:
        return Confirmed(Verdict.PENDING_ORDER, is_open=True)
    return Confirmed(cause(target, second.quantity, sold), tell=True)
