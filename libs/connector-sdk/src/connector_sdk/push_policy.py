"""What an answer means for a listing: pure functions."""

import dataclasses as dc
import datetime as dt
from collections.abc import Iterable, Sequence

from contracts import Issue
from runtime.backoff import delay

from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.pushes import Patience, Push
from connector_sdk.settings import ConnectorSettings
from connector_sdk.submission import Answered, P, State, Submission

_LONGEST_RETRY_SECONDS = 30.0
_LONGEST_BACKOFF_SECONDS = 60.0


@dc.dataclass(frozen=True, slots=True)
class PushPolicy:
    """How fast and how stubbornly to push. Seconds, and calls a second."""

    rate: float = 5.0
    burst: int = 5
    concurrency: int = 8
    quarantine_after: int = 10
    quarantine_seconds: float = 300.0
    unauthorised_seconds: float = 30.0
    backoff_seconds: float = 1.0
    patience: Patience = dc.field(default_factory=Patience)

    @classmethod
    def of(cls, settings: ConnectorSettings) -> "PushPolicy":
        return cls(
            rate=settings.push_rate_per_second,
            burst=settings.push_burst,
            concurrency=settings.push_concurrency,
            quarantine_after=settings.quarantine_after,
            patience=settings.patience,
        )


def match(pushes: Sequence[P], results: Iterable[LineResult]) -> list[tuple[P, LineResult]]:
    """Each push with its result, matched by external SKU. One that is missing from the answer is unknown."""
    by_sku = {result.external_sku: result for result in results}
    return [(push, by_sku.get(push.external_sku) or missing(push)) for push in pushes]


def missing(push: Submission) -> LineResult:
    issue = Issue(code="NoResult", message="the marketplace's answer does not mention this listing")
    return LineResult(push.external_sku, Outcome.UNKNOWN, issues=(issue,))


def settle(push: Push, result: LineResult, policy: PushPolicy, now: dt.datetime) -> Answered[Push]:
    """What one answer makes of a row of stock.

    A quantity above zero whose outcome is unknown is not submitted again: each write that may have been applied counts,
    so the inventory decides what follows. Zero can be repeated without harm.
    """
    answered = settle_repeatable(push, result, policy, now)
    return dc.replace(answered, closed=result.outcome is Outcome.UNKNOWN and push.quantity > 0)


def settle_repeatable(push: P, result: LineResult, policy: PushPolicy, now: dt.datetime) -> Answered[P]:
    """What one answer makes of a row whose write may be repeated without harm, such as a price.

    Only an answer that says something about the listing itself counts towards quarantine; being throttled, or finding
    nobody at home, does not.
    """
    error = one_line(result.issues) or result.outcome.value
    if result.outcome is Outcome.ACCEPTED:
        return Answered(push, State.ACCEPTED, 0, reached=True, error=None, next_attempt_at=now, clock=result.clock)
    if result.outcome in (Outcome.REJECTED, Outcome.UNSUPPORTED):
        return Answered(push, State.REJECTED, 0, reached=False, error=error, next_attempt_at=now)
    failures = push.failures + (result.outcome is Outcome.UNKNOWN)
    is_quarantined = failures >= policy.quarantine_after
    wait = policy.quarantine_seconds if is_quarantined else _wait(push, result, failures, policy)
    return Answered(
        push,
        State.QUARANTINED if is_quarantined else State.PENDING,
        failures,
        reached=result.outcome is Outcome.UNKNOWN,
        error=error,
        next_attempt_at=now + dt.timedelta(seconds=wait),
    )


def settle_optional(push: P, result: LineResult, policy: PushPolicy, now: dt.datetime) -> Answered[P]:
    """Like `settle_repeatable`, of what not every marketplace has: what is unsupported is kept apart from a refusal."""
    answered = settle_repeatable(push, result, policy, now)
    return dc.replace(answered, state=State.UNSUPPORTED) if result.outcome is Outcome.UNSUPPORTED else answered


def _wait(push: Submission, result: LineResult, failures: int, policy: PushPolicy) -> float:
    """Seconds until the next try of what may still succeed."""
    if result.outcome is Outcome.UNAUTHORISED:
        # Longer the second time, so that the channel is tried with another listing in between.
        return policy.unauthorised_seconds * (1.0 if push.attempts <= 1 else 1.9)
    if result.outcome is Outcome.RETRY:
        back_off = delay(push.attempts, first=policy.backoff_seconds / 2, longest=_LONGEST_RETRY_SECONDS)
        return max(result.retry_after or 0.0, back_off)
    return delay(failures, first=policy.backoff_seconds, longest=_LONGEST_BACKOFF_SECONDS)


def one_line(issues: Sequence[Issue]) -> str | None:
    """The first issues as one line, for people, and so that it can be stored."""
    return storable("; ".join(f"{issue.code}: {issue.message}" for issue in issues[:3]))[:500] or None


def storable(told: str) -> str:
    """Postgres keeps no text with a NUL character or half a surrogate pair, whatever a marketplace says."""
    return told.replace("\0", " ").encode("utf-8", "replace").decode()
