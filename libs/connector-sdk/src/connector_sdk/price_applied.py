"""What is published about a revision of a price, or a reading of one: pure functions."""

from contracts import AppliedStatus, Evidence, Issue, PriceApplied, PriceTarget

from connector_sdk.marketplace import LineResult, Reading
from connector_sdk.marketplace_clock import margin_ms, offset_ms
from connector_sdk.price_evidence import SentPrice
from connector_sdk.price_pushes import PricePush

NO_PRICES = Issue(
    code="NoPrices", message="this channel's API can't set prices: set them there by hand", severity="info"
)


def answered(channel: str, push: PricePush, status: AppliedStatus, result: LineResult) -> PriceApplied:
    """The marketplace's answer to one submission."""
    return PriceApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        price=push.price,
        status=status,
        submitted_at=push.submitted_at,
        clock_offset_ms=offset_ms(result.clock),
        margin_ms=margin_ms(result.clock),
        attempt=push.attempts,
        request_id=result.request_id,
        submission_id=result.submission_id,
        issues=result.issues,
    )


def overtaken(channel: str, push: PricePush) -> PriceApplied:
    """The end of a revision that a newer one has replaced before its answer was known.

    Superseded if it was never submitted; else nobody knows whether the marketplace had it for a while.
    """
    is_submitted = push.attempts > 0
    return PriceApplied(
        channel=channel,
        sku=push.sku,
        revision=push.revision,
        price=push.price,
        status=AppliedStatus.UNKNOWN if is_submitted else AppliedStatus.SUPERSEDED,
        submitted_at=push.submitted_at if is_submitted else None,
        attempt=push.attempts,
    )


def passed_over(target: PriceTarget) -> PriceApplied:
    """The end of a target that came together with a newer one and so was never kept."""
    return _of(target, AppliedStatus.SUPERSEDED)


def unsupported(target: PriceTarget) -> PriceApplied:
    """Says that this channel can't do it."""
    return _of(target, AppliedStatus.UNSUPPORTED, NO_PRICES)


def live(channel: str, sent: SentPrice, reading: Reading | None) -> PriceApplied:
    """By a reading that shows the price, or without one by the ceiling."""
    return PriceApplied(
        channel=channel,
        sku=sent.sku,
        revision=sent.revision,
        price=sent.price,
        status=AppliedStatus.LIVE,
        submitted_at=sent.submitted_at,
        live_at=reading.observed_at if reading else sent.passes_at,
        evidence=Evidence.READ_BACK if reading else Evidence.CEILING,
        observed_price=reading.price if reading else None,
        observed_at=reading.observed_at if reading else None,
        clock_offset_ms=offset_ms(reading.clock) if reading else None,
        margin_ms=margin_ms(reading.clock) if reading else None,
        attempt=sent.attempts,
    )


def observed(channel: str, sku: str, reading: Reading) -> PriceApplied:
    """A reading that proves no revision."""
    return PriceApplied(
        channel=channel,
        sku=sku,
        status=AppliedStatus.OBSERVED,
        observed_price=reading.price,
        observed_at=reading.observed_at,
        clock_offset_ms=offset_ms(reading.clock),
        margin_ms=margin_ms(reading.clock),
    )


def _of(target: PriceTarget, status: AppliedStatus, *issues: Issue) -> PriceApplied:
    return PriceApplied(
        channel=target.channel,
        sku=target.sku,
        revision=target.revision,
        price=target.price,
        status=status,
        issues=issues,
    )
