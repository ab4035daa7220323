import datetime as dt

import httpx
import pytest
from connector_sdk.http import build_client, outcome_of, outcome_of_error, retry_after
from connector_sdk.marketplace import Outcome

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED),
        (204, Outcome.ACCEPTED),
        (302, Outcome.UNKNOWN),
        (400, Outcome.REJECTED),
        (401, Outcome.UNAUTHORISED),
        (403, Outcome.UNAUTHORISED),
        (404, Outcome.REJECTED),
        (408, Outcome.UNKNOWN),
        (418, Outcome.UNAUTHORISED),
        (429, Outcome.RETRY),
        (500, Outcome.UNKNOWN),
        (503, Outcome.UNKNOWN),
    ],
)
def test_a_status_tells_what_became_of_a_write(status: int, outcome: Outcome) -> None:
    assert outcome_of(status) is outcome


def test_only_a_request_without_a_connection_was_provably_not_applied() -> None:
    assert outcome_of_error(httpx.ConnectError("refused")) is Outcome.RETRY
    assert outcome_of_error(httpx.ConnectTimeout("slow")) is Outcome.RETRY
    assert outcome_of_error(httpx.ReadTimeout("slow")) is Outcome.UNKNOWN
    assert outcome_of_error(httpx.RemoteProtocolError("cut off")) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("86400", 300.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers={"retry-after": header}), NOW) == seconds


def test_no_retry_after_is_none() -> None:
    assert retry_after(httpx.Response(429), NOW) is None


async def test_a_refused_connection_is_retried() -> None:
    async with build_client("http://127.0.0.1:9", "test") as client:
        with pytest.raises(httpx.HTTPError) as caught:
            await client.get("/")
    assert outcome_of_error(caught.value) is Outcome.RETRY
