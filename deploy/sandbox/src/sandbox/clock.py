"""Time as the stand-ins keep it: UTC, in whole milliseconds, from a clock that is handed in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> datetime:
    """Tell the machine's time, in UTC."""
    return datetime.now(UTC)


def in_milliseconds(moment: datetime) -> datetime:
    """Cut a moment down to what the wire can say, so that a stored time always equals its printed form."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """Print a moment as JavaScript's toISOString does: 2026-11-22T10:00:00.123Z."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
