"""Calling a marketplace over HTTP, and what an answer or a failure says about a write."""

import datetime as dt
import email.utils

import httpx

from connector_sdk.marketplace import Outcome
from connector_sdk.marketplace_clock import ClockReading

_TIMEOUT = httpx.Timeout(10.0, connect=5.0, pool=10.0)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REFUSED = frozenset({401, 403, 418})
"""418 is what Noon's gateway answers to a user without the right role."""
_TOO_MANY = 429
_LONGEST_WAIT_SECONDS = 300.0
_REQUEST_TIMEOUT = 408


def build_client(base_url: str, user_agent: str, *, connections: int = 16) -> httpx.AsyncClient:
    """A client with timeouts on everything, that follows no redirects and reads no proxy or password file."""
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"user-agent": user_agent, "accept": "application/json"},
        timeout=_TIMEOUT,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30),
        trust_env=False,
    )


def outcome_of(status: int) -> Outcome:
    """What a status says about a write; a redirect, which is not followed, proves nothing."""
    if httpx.codes.is_success(status):
        return Outcome.ACCEPTED
    if status == _TOO_MANY:
        return Outcome.RETRY
    if status in _REFUSED:
        return Outcome.UNAUTHORISED
    if httpx.codes.is_client_error(status) and status != _REQUEST_TIMEOUT:
        return Outcome.REJECTED
    return Outcome.UNKNOWN


def outcome_of_error(error: httpx.HTTPError) -> Outcome:
    """What a failed transport says: a request that had no connection was not applied, any other may have been."""
    return Outcome.RETRY if isinstance(error, _NEVER_SENT) else Outcome.UNKNOWN


def retry_after(response: httpx.Response, now: dt.datetime) -> float | None:
    """Seconds from the header Retry-After, which holds seconds or an HTTP date; None when it is absent or odd.

    At most five minutes: a slip in a header must not silence a channel for days.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_WAIT_SECONDS)
    until = http_date(value)
    return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT_SECONDS) if until else None


def http_date(value: str) -> dt.datetime | None:
    """An HTTP date such as `Sun, 22 Nov 2026 10:00:00 GMT`, or None for anything else."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def marketplace_clock(response: httpx.Response, received_at: dt.datetime) -> ClockReading | None:
    """The marketplace's clock by the header Date of an answer that has just come; None where it shows none."""
    shown = http_date(response.headers.get("date", ""))
    return ClockReading.of(shown, received_at, response.elapsed) if shown else None
