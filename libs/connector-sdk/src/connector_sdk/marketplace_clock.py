"""A marketplace's clock against ours, as one of its answers showed it. Pure."""

import dataclasses as dc
import datetime as dt
import math

DATE_RESOLUTION = dt.timedelta(seconds=2)
"""The header Date holds whole seconds, and servers commonly write it anew only once a second."""


@dc.dataclass(frozen=True, slots=True)
class ClockReading:
    """`offset`: its clock minus ours. It is wrong by no more than `margin`, up or down."""

    offset: dt.timedelta
    margin: dt.timedelta

    @classmethod
    def of(cls, shown: dt.datetime, received_at: dt.datetime, round_trip: dt.timedelta) -> "ClockReading":
        """`shown` was written at some time within the round trip, which ended at `received_at` on our clock."""
        return cls(shown - (received_at - round_trip / 2), round_trip / 2 + DATE_RESOLUTION)


def offset_ms(clock: ClockReading | None) -> int | None:
    return None if clock is None else round(clock.offset / dt.timedelta(milliseconds=1))


def margin_ms(clock: ClockReading | None) -> int | None:
    """Rounded up: a margin may be too wide, never too narrow."""
    return None if clock is None else math.ceil(clock.margin / dt.timedelta(milliseconds=1)) + 1


def on_its_clock(ours: dt.datetime, clock: ClockReading | None) -> dt.datetime:
    """A moment of our clock on the marketplace's; the same where that is not known."""
    return ours if clock is None else ours + clock.offset
