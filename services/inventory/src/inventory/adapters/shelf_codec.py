"""How the shelves of a SKU are kept: its bounds by channel, and beside them what is not over yet, as compact JSON.

What has its default is left out. Moments are whole microseconds since 1970.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json

from inventory.domain.shelf import Cancellable, Move, Order, Reading, Recent, Shelf
from inventory.domain.stock import Offer

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_PACE_DIGITS = 4
_UNREAD = Shelf(is_read=False)
_NEVER, _NONE = Recent(), Cancellable()


def encode(offers: Sequence[Offer]) -> tuple[str, str | None]:
    """The columns `bounds` and `escrow` of `products`; both are null where no bounds are kept."""
    bounds = {offer.channel: offer.shelf.bound for offer in offers}
    states = {offer.channel: state for offer in offers if (state := _encode(offer.shelf))}
    return to_json(bounds).decode(), to_json(states).decode() if states else None


def decode(*, bounds: str | None, escrow: str | None) -> Mapping[str, Shelf]:
    """By channel; a channel that is missing has never been looked at."""
    if bounds is None:
        return {}
    states: dict[str, Any] = from_json(escrow) if escrow else {}
    return {channel: _decode(bound, states.get(channel)) for channel, bound in from_json(bounds).items()}


def unread() -> Shelf:
    """The shelf of a marketplace that has never been looked at."""
    return _UNREAD


def _encode(shelf: Shelf) -> dict[str, Any]:
    state: dict[str, Any] = {}
    if shelf.orders:
        state["orders"] = [[_stamp(order.at), order.units] for order in shelf.orders]
    if shelf.recent.at is not None:
        state["recent"] = [round(shelf.recent.units, _PACE_DIGITS), _stamp(shelf.recent.at)]
    cancellable = shelf.cancellable
    if cancellable.since is not None:
        state["cancellable"] = [cancellable.current, cancellable.previous, _stamp(cancellable.since)]
    if shelf.moves:
        state["moves"] = [_encode_move(move) for move in shelf.moves]
    if shelf.reading is not None:
        state["reading"] = _encode_reading(shelf.reading)
    if shelf.put_backs:
        state["put_backs"] = [[_stamp(order.at), order.units] for order in shelf.put_backs]
    _encode_marks(shelf, state)
    return state


def _encode_marks(shelf: Shelf, marks: dict[str, Any]) -> None:
    if shelf.seen_at is not None:
        marks["seen_at"] = _stamp(shelf.seen_at)
    if shelf.strange_since is not None:
        marks["strange_since"] = _stamp(shelf.strange_since)
    if shelf.retry_at is not None:
        marks["retry_at"] = _stamp(shelf.retry_at)
    if shelf.failures:
        marks["failures"] = shelf.failures
    if not shelf.is_read:
        marks["is_read"] = False
    if not shelf.is_readable:
        marks["is_readable"] = False
    if shelf.needs_reading:
        marks["needs_reading"] = True


def _encode_move(move: Move) -> list[Any]:
    return [
        move.revision,
        move.quantity,
        move.added,
        _stamp(move.issued_at),
        _stamp(move.live_at),
        _stamp(move.certain_from),
        move.is_unknown,
    ]


def _encode_reading(reading: Reading) -> list[Any]:
    return [
        reading.quantity,
        _stamp(reading.observed_at),
        _stamp(reading.certain_from),
        reading.sets_bound,
        reading.can_lower,
    ]


def _decode(bound: int, state: dict[str, Any] | None) -> Shelf:
    """Field by field, in their order, since every sale reads the shelves of its SKU."""
    if not state:
        return Shelf(bound)
    kept = state.get
    recent, cancellable, reading = kept("recent"), kept("cancellable"), kept("reading")
    return Shelf(
        bound,
        "is_read" not in state,
        "is_readable" not in state,
        tuple([_decode_move(move) for move in kept("moves", ())]),
        _decode_orders(kept("orders", ())),
        _decode_orders(kept("put_backs", ())),
        _decode_reading(reading) if reading else None,
        _perhaps(kept("retry_at")),
        kept("failures", 0),
        "needs_reading" in state,
        _perhaps(kept("strange_since")),
        _perhaps(kept("seen_at")),
        Recent(recent[0], _moment(recent[1])) if recent else _NEVER,
        Cancellable(cancellable[0], cancellable[1], _moment(cancellable[2])) if cancellable else _NONE,
    )


def _decode_move(columns: Sequence[Any]) -> Move:
    revision, quantity, added, issued, live, certain, is_unknown = columns
    return Move(revision, quantity, added, _moment(issued), _perhaps(live), _perhaps(certain), is_unknown)


def _decode_reading(columns: Sequence[Any]) -> Reading:
    quantity, observed, certain, sets_bound, can_lower = columns
    return Reading(quantity, _moment(observed), _moment(certain), sets_bound, can_lower)


def _stamp(moment: dt.datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def _moment(stamp: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(0, 0, stamp)


def _perhaps(stamp: int | None) -> dt.datetime | None:
    return None if stamp is None else _moment(stamp)


def _decode_orders(kept: Sequence[Any]) -> tuple[Order, ...]:
    return tuple([Order(_moment(at), units) for at, units in kept]) if kept else ()
