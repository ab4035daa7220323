import datetime as dt

from connector_sdk.failure_count import OUTAGE_LISTINGS, FailureCount
from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.push_policy import PushPolicy, settle
from connector_sdk.pushes import Push
from connector_sdk.submission import Answered, State

START = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
POLICY = PushPolicy(quarantine_after=3, backoff_seconds=10)
SECOND = dt.timedelta(seconds=1)


class Listing:
    """One listing that is pushed again and again, and how often it has failed."""

    def __init__(self, count: FailureCount) -> None:
        self.failures = 0
        self._count = count

    def answer(self, outcome: Outcome, now: dt.datetime, *, submitted_at: dt.datetime | None = None) -> Answered[Push]:
        push = Push(
            sku="A",
            revision=1,
            external_sku="X-A",
            quantity=5,
            attempts=1,
            failures=self.failures,
            reached=False,
            submitted_at=submitted_at or now,
            cause_event_id="event",
            cause_correlation_id=None,
            cause_traceparent=None,
        )
        result = LineResult("X-A", outcome)
        answered = settle(self._count.before(push, outcome, now), result, POLICY, now)
        self._count.note(answered, now)
        self.failures = answered.failures
        return answered


def test_failures_that_waited_for_the_back_off_lead_to_quarantine() -> None:
    listing = Listing(FailureCount())
    first = listing.answer(Outcome.UNKNOWN, START)
    second = listing.answer(Outcome.UNKNOWN, first.next_attempt_at)
    third = listing.answer(Outcome.UNKNOWN, second.next_attempt_at)
    assert [first.failures, second.failures, third.failures] == [1, 2, 3]
    assert third.state is State.QUARANTINED


def test_new_revisions_that_did_not_wait_count_once() -> None:
    listing = Listing(FailureCount())
    answers = [listing.answer(Outcome.UNKNOWN, START + step * SECOND / 2) for step in range(10)]
    assert {answered.failures for answered in answers} == {1}
    assert listing.answer(Outcome.UNKNOWN, START + 10 * SECOND).failures == 2


def test_success_begins_the_count_anew() -> None:
    listing = Listing(FailureCount())
    listing.answer(Outcome.UNKNOWN, START)
    assert listing.answer(Outcome.ACCEPTED, START + SECOND).failures == 0
    assert listing.answer(Outcome.UNKNOWN, START + 2 * SECOND).failures == 1


def test_throttled_call_changes_no_count() -> None:
    listing = Listing(FailureCount())
    listing.answer(Outcome.UNKNOWN, START)
    assert listing.answer(Outcome.RETRY, START + SECOND).failures == 1


def test_quarantined_listing_stays_so_when_its_new_revision_fails() -> None:
    listing = Listing(FailureCount())
    listing.failures = POLICY.quarantine_after - 1
    assert listing.answer(Outcome.UNKNOWN, START).state is State.QUARANTINED
    assert listing.answer(Outcome.UNKNOWN, START + SECOND).state is State.QUARANTINED


def test_outage_is_many_failing_listings_and_then_a_success() -> None:
    count = FailureCount()
    failed = [(f"sku-{number}", Outcome.UNKNOWN) for number in range(OUTAGE_LISTINGS)]
    assert not count.is_outage_over(failed, START)
    assert count.is_outage_over([("B", Outcome.ACCEPTED)], START)
    assert not count.is_outage_over([*failed[1:], ("B", Outcome.REJECTED)], START)


def test_call_that_outlasts_an_outage_does_not_count_what_failed_in_it() -> None:
    count = FailureCount()
    listing = Listing(count)
    listing.failures = 2
    failed = [(f"sku-{number}", Outcome.UNKNOWN) for number in range(OUTAGE_LISTINGS)]
    assert count.is_outage_over([*failed, ("B", Outcome.ACCEPTED)], START)
    assert listing.answer(Outcome.UNKNOWN, START + SECOND, submitted_at=START - SECOND).failures == 1
