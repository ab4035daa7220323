"""What is published about a revision or a reading: pure functions."""

import datetime as dt

from contracts import AppliedStatus, Evidence, Issue, StockApplied, StockTarget

from connector_sdk.evidence import Unproven
from connector_sdk.leases import Abandoned
from connector_sdk.marketplace import LineResult, Reading
from connector_sdk.marketplace_clock import margin_ms, offset_ms
from connector_sdk.pushes import Push

NO_READ_BACK = Issue(code="NoReadBack", message="this channel can't show what it offers", severity="info")
NOT_SHOWN = Issue(code="NotShown", message="the marketplace shows no quantity of this listing", severity="info")


def answered(
    channel: str,
    push: Push,
    status: AppliedStatus,
    result: LineResult,
    *,
    may_go_live_until: dt.datetime | None = None,
) -> StockApplied:
    """The marketplace's answer to one submission."""
    return StockApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        quantity=push.quantity,
        status=status,
        submitted_at=push.submitted_at,
        may_go_live_until=may_go_live_until,
        clock_offset_ms=offset_ms(result.clock),
        margin_ms=margin_ms(result.clock),
        attempt=push.attempts,
        request_id=result.request_id,
        submission_id=result.submission_id,
        issues=result.issues,
    )


def overtaken(channel: str, push: Push, *, may_go_live_until: dt.datetime | None) -> StockApplied:
    """The end of a revision that a newer one has replaced.

    Without `may_go_live_until` it provably never got to the marketplace, which alone is superseded.
    """
    reached = may_go_live_until is not None
    return StockApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        quantity=push.quantity,
        status=AppliedStatus.UNKNOWN if reached else AppliedStatus.SUPERSEDED,
        submitted_at=push.submitted_at if reached else None,
        may_go_live_until=may_go_live_until,
        attempt=push.attempts,
    )


def withdrawn(channel: str, push: Push, reason: str) -> StockApplied:
    """The end of a raise that can't be submitted and never was."""
    return StockApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        quantity=push.quantity,
        status=AppliedStatus.SUPERSEDED,
        attempt=push.attempts,
        issues=(Issue(code="Withdrawn", message=reason, severity="info"),),
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


def abandoned(channel: str, call: Abandoned, may_go_live_until: dt.datetime) -> StockApplied:
    """The end of a revision that a leader had in flight when it died."""
    return StockApplied(
        channel=channel,
        sku=call.sku,
        revision=call.revision,
        status=AppliedStatus.UNKNOWN,
        may_go_live_until=may_go_live_until,
    )


def live_by_ceiling(channel: str, unproven: Unproven) -> StockApplied:
    """No reading proved it, but by now it is live; as far as the answer to its write told, on the channel's clock."""
    return StockApplied(
        channel=channel,
        sku=unproven.sku,
        revision=unproven.revision,
        quantity=unproven.quantity,
        status=AppliedStatus.LIVE,
        submitted_at=unproven.submitted_at,
        live_at=unproven.live_at,
        evidence=Evidence.CEILING,
        clock_offset_ms=unproven.clock_offset_ms,
        margin_ms=unproven.margin_ms,
        attempt=unproven.attempts,
    )


def live_by_reading(channel: str, unproven: Unproven, reading: Reading) -> StockApplied:
    return StockApplied(
        channel=channel,
        sku=unproven.sku,
        revision=unproven.revision,
        quantity=unproven.quantity,
        status=AppliedStatus.LIVE,
        submitted_at=unproven.submitted_at,
        live_at=reading.observed_at,
        evidence=Evidence.READ_BACK,
        observed_quantity=reading.quantity,
        observed_at=reading.observed_at,
        clock_offset_ms=offset_ms(reading.clock),
        margin_ms=margin_ms(reading.clock),
        attempt=unproven.attempts,
    )


def observed(channel: str, sku: str, reading: Reading) -> StockApplied:
    """A reading that proves no revision. Without a quantity it says that the listing can't be read."""
    return StockApplied(
        channel=channel,
        sku=sku,
        status=AppliedStatus.OBSERVED,
        observed_quantity=reading.quantity,
        observed_at=reading.observed_at,
        clock_offset_ms=offset_ms(reading.clock),
        margin_ms=margin_ms(reading.clock),
        issues=() if reading.quantity is not None else (NOT_SHOWN,),
    )


def unreadable(channel: str, sku: str) -> StockApplied:
    """Says that this channel has no read-back at all."""
    return StockApplied(channel=channel, sku=sku, status=AppliedStatus.OBSERVED, issues=(NO_READ_BACK,))
