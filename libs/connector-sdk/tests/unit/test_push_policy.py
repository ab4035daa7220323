import datetime as dt

import pytest
from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.push_policy import PushPolicy, match, settle
from connector_sdk.pushes import Push, urgency_order
from connector_sdk.submission import State
from contracts import Issue

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
POLICY = PushPolicy(quarantine_after=3)


def _push(sku: str = "A", *, quantity: int = 5, attempts: int = 1, failures: int = 0, urgency: int = 2) -> Push:
    return Push(
        sku=sku,
        revision=1,
        external_sku=f"X-{sku}",
        quantity=quantity,
        attempts=attempts,
        failures=failures,
        reached=False,
        submitted_at=NOW,
        cause_event_id="event",
        cause_correlation_id=None,
        cause_traceparent=None,
        urgency=urgency,
        pending_since=NOW,
    )


def _wait(outcome: Outcome, *, attempts: int = 1, failures: int = 0, retry_after: float | None = None) -> float:
    result = LineResult("X-A", outcome, retry_after=retry_after)
    answered = settle(_push(attempts=attempts, failures=failures), result, POLICY, NOW)
    return (answered.next_attempt_at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.ACCEPTED, State.ACCEPTED),
        (Outcome.REJECTED, State.REJECTED),
        (Outcome.UNSUPPORTED, State.REJECTED),
        (Outcome.RETRY, State.PENDING),
        (Outcome.UNKNOWN, State.PENDING),
        (Outcome.UNAUTHORISED, State.PENDING),
    ],
)
def test_each_outcome_leads_to_its_state(outcome: Outcome, state: State) -> None:
    assert settle(_push(), LineResult("X-A", outcome), POLICY, NOW).state is state


def test_only_unknown_and_accepted_may_have_reached_the_marketplace() -> None:
    reached = {outcome for outcome in Outcome if settle(_push(), LineResult("X-A", outcome), POLICY, NOW).reached}

    assert reached == {Outcome.ACCEPTED, Outcome.UNKNOWN}


def test_back_off_grows_and_is_bounded() -> None:
    assert 0.25 <= _wait(Outcome.RETRY) <= 0.5
    assert 15 <= _wait(Outcome.RETRY, attempts=50) <= 30
    assert 0.5 <= _wait(Outcome.UNKNOWN) <= 1.0
    assert 1.0 <= _wait(Outcome.UNKNOWN, failures=1) <= 2.0


def test_retry_after_is_honoured() -> None:
    assert _wait(Outcome.RETRY, retry_after=42.0) == 42.0


def test_a_listing_is_quarantined_after_so_many_failures_in_a_row() -> None:
    answered = settle(_push(failures=2), LineResult("X-A", Outcome.UNKNOWN), POLICY, NOW)

    assert (answered.state, answered.failures) == (State.QUARANTINED, 3)
    assert answered.next_attempt_at == NOW + dt.timedelta(minutes=5)


def test_being_throttled_does_not_lead_to_quarantine() -> None:
    answered = settle(_push(attempts=50, failures=2), LineResult("X-A", Outcome.RETRY), POLICY, NOW)

    assert (answered.state, answered.failures) == (State.PENDING, 2)


def test_results_are_matched_by_key_and_a_missing_one_is_unknown() -> None:
    first, second = _push("A"), _push("B")
    results = [LineResult("X-B", Outcome.ACCEPTED), LineResult("X-other", Outcome.REJECTED)]
    matched = match([first, second], results)

    assert [(push.sku, result.outcome) for push, result in matched] == [
        ("A", Outcome.UNKNOWN),
        ("B", Outcome.ACCEPTED),
    ]


def test_the_reason_names_the_marketplace_issues() -> None:
    issues = (Issue(code="90000900", message="invalid"), Issue(code="1", message="more"))
    answered = settle(_push(), LineResult("X-A", Outcome.REJECTED, issues=issues), POLICY, NOW)

    assert answered.error == "90000900: invalid; 1: more"


def test_the_queue_is_in_the_order_of_the_claim() -> None:
    queue = [_push("d", quantity=1), _push("c", urgency=1), _push("b", urgency=0), _push("a", quantity=0)]

    assert [push.sku for push in sorted(queue, key=urgency_order)] == ["a", "b", "c", "d"]
