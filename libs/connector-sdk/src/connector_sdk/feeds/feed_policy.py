"""When a feed is worth it, and when one is given up: pure functions."""

import dataclasses as dc
import datetime as dt
import enum

from connector_sdk.settings import ConnectorSettings


class Fate(enum.StrEnum):
    """How a feed ended.

    GIVEN_BACK: before it was submitted, there was no more need or no leave for it. Of CANCELLED and ABANDONED nothing
    was carried out either, but something went wrong; of FATAL, LOST and STUCK nobody knows.
    """

    DONE = "done"
    GIVEN_BACK = "given_back"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    FATAL = "fatal"
    LOST = "lost"
    STUCK = "stuck"


@dc.dataclass(frozen=True, slots=True)
class FeedPolicy:
    """`threshold`: due listings above which raises go by feed. `stuck`: how long a feed may stay where it is.

    `pause`: between the openings of two feeds. `poll`: between two looks at an open one. `gather`: for how long at
    most more raises are waited for while their number still grows. `registered_only`: only listings
    that were looked up.
    """

    threshold: int = 1000
    stuck: dt.timedelta = dt.timedelta(seconds=3600)
    pause: dt.timedelta = dt.timedelta(seconds=120)
    poll: dt.timedelta = dt.timedelta(seconds=15)
    gather: dt.timedelta = dt.timedelta(seconds=10)
    submit_within: dt.timedelta = dt.timedelta(seconds=600)
    """For how long a feed that could not be submitted keeps its lines."""
    search: dt.timedelta = dt.timedelta(seconds=120)
    """For how long a feed is looked for of which nobody knows whether it was submitted."""
    registered_only: bool = False

    @classmethod
    def of(cls, settings: ConnectorSettings) -> "FeedPolicy":
        return cls(
            threshold=settings.feed_threshold,
            stuck=dt.timedelta(seconds=settings.feed_stuck_seconds),
            pause=dt.timedelta(seconds=settings.feed_pause_seconds),
            poll=dt.timedelta(seconds=settings.feed_poll_seconds),
        )


@dc.dataclass(frozen=True, slots=True)
class Backlog:
    """`due`: listings to be written now. `raises`: those of them that a feed may carry."""

    due: int
    raises: int


@dc.dataclass(frozen=True, slots=True)
class LastFeed:
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    fate: Fate | None


def may_open(last: LastFeed | None, now: dt.datetime, policy: FeedPolicy) -> bool:
    """One feed at a time, not too often, and after one that went wrong none for as long as one may be stuck."""
    if last is None:
        return True
    if last.closed_at is None or now < last.opened_at + policy.pause:
        return False
    return last.fate in (Fate.DONE, Fate.GIVEN_BACK) or now >= last.closed_at + policy.stuck


class Gathering:
    """Waits until a backlog has come in whole, since the next feed goes only after this one."""

    def __init__(self, policy: FeedPolicy, most_lines: int) -> None:
        self._policy = policy
        self._most_lines = most_lines
        self._since: dt.datetime | None = None
        self._raises = 0

    def is_complete(self, backlog: Backlog, now: dt.datetime) -> bool:
        """Whether these raises are to go by feed, and now."""
        if backlog.due <= self._policy.threshold or not backlog.raises:
            self._since = None
            return False
        is_first, grows = self._since is None, backlog.raises > self._raises
        self._since, self._raises = self._since or now, backlog.raises
        is_full = backlog.raises >= self._most_lines
        is_complete = is_full or now >= self._since + self._policy.gather or not (is_first or grows)
        if is_complete:
            self._since = None
        return is_complete
