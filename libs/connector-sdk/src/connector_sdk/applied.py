"""What is published about a revision: pure functions."""

from contracts import AppliedStatus, StockApplied, StockTarget

from connector_sdk.marketplace import LineResult
from connector_sdk.pushes import Abandoned, Push


def answered(channel: str, push: Push, status: AppliedStatus, result: LineResult) -> StockApplied:
    """The marketplace's answer to one submission."""
    return StockApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        quantity=push.quantity,
        status=status,
        submitted_at=push.submitted_at,
        attempt=push.attempts,
        request_id=result.request_id,
        submission_id=result.submission_id,
        issues=result.issues,
    )


def overtaken(channel: str, push: Push, *, reached: bool) -> StockApplied:
    """The end of a revision that a newer one has replaced: superseded if it provably never got to the marketplace."""
    status = AppliedStatus.UNKNOWN if reached else AppliedStatus.SUPERSEDED
    return StockApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        quantity=push.quantity,
        status=status,
        submitted_at=push.submitted_at if reached else None,
        attempt=push.attempts,
    )


def passed_over(target: StockTarget) -> StockApplied:
    """The end of a target that came together with a newer one and so was never kept."""
    return StockApplied(
        channel=target.channel,
        sku=target.sku,
        revision=target.revision,
        quantity=target.quantity,
        status=AppliedStatus.SUPERSEDED,
    )


def abandoned(channel: str, call: Abandoned) -> StockApplied:
    """The end of a revision that a leader had in flight when it died."""
    return StockApplied(channel=channel, sku=call.sku, revision=call.revision, status=AppliedStatus.UNKNOWN)
