"""Which failed answers count towards a listing's quarantine. Pure; kept in memory, since a restart may forgive."""

import datetime as dt
from collections.abc import Sequence

from connector_sdk.marketplace import Outcome
from connector_sdk.submission import Answered, P

OUTAGE_LISTINGS = 3
"""So many listings failing with no success between them is an outage, not a bad listing."""
_TELLING = frozenset({Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNSUPPORTED})
"""The marketplace did its work, whatever it thinks of the listing."""


class FailureCount:
    """Two kinds of failures say nothing about a listing, and do not count against it.

    Those of an outage, even of a call that outlasted it. And those of a new revision that did not wait for the back-off
    of the one before: a listing that sells fast would else be quarantined within seconds, for its zero too.
    """

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self._outage_over_at: dt.datetime | None = None
        self._counts_again: dict[str, dt.datetime] = {}

    def is_outage_over(self, answers: Sequence[tuple[str, Outcome]], now: dt.datetime) -> bool:
        """Take in the (SKU, outcome) of calls that ended; whether they show that an outage is over."""
        self._failing.update(sku for sku, outcome in answers if outcome not in _TELLING)
        if not any(outcome in _TELLING for _, outcome in answers):
            return False
        was_outage = len(self._failing) >= OUTAGE_LISTINGS
        self._failing.clear()
        if was_outage:
            self._outage_over_at = now
            self._counts_again.clear()
        return was_outage

    def before(self, push: P, outcome: Outcome, now: dt.datetime) -> P:
        """`push` with so many failures that the one of this answer, if it is one, makes the right number."""
        if self._outage_over_at and push.submitted_at and push.submitted_at <= self._outage_over_at:
            return push.having_failed(0)
        is_early = now < self._counts_again.get(push.sku, now)
        if outcome is Outcome.UNKNOWN and is_early:
            return push.having_failed(max(0, push.failures - 1))
        return push

    def note(self, answered: Answered[P], now: dt.datetime) -> None:
        """Remember what was recorded: until its back-off is over, no other failure of this listing counts."""
        if not answered.failures:
            self._counts_again.pop(answered.push.sku, None)
        elif now >= self._counts_again.get(answered.push.sku, now):
            self._counts_again[answered.push.sku] = answered.next_attempt_at
