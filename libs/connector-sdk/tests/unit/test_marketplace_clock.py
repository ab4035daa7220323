import datetime as dt

import httpx
from connector_sdk.http import marketplace_clock
from connector_sdk.marketplace_clock import ClockReading, margin_ms, offset_ms, on_its_clock
from hypothesis import given
from hypothesis import strategies as st

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SECONDS = st.floats(-5000, 5000).map(lambda seconds: dt.timedelta(seconds=seconds))
SHORT = st.floats(0, 10).map(lambda seconds: dt.timedelta(seconds=seconds))
STALE = st.floats(0, 1).map(lambda seconds: dt.timedelta(seconds=seconds))


@given(true_offset=SECONDS, sent_for=SHORT, came_for=SHORT, stale=STALE)
def test_the_true_offset_lies_within_the_margin(
    true_offset: dt.timedelta, sent_for: dt.timedelta, came_for: dt.timedelta, stale: dt.timedelta
) -> None:
    shown = (NOON + true_offset - stale).replace(microsecond=0)
    clock = ClockReading.of(shown, NOON + came_for, sent_for + came_for)

    off_by = true_offset / dt.timedelta(milliseconds=1) - (offset_ms(clock) or 0)
    assert abs(off_by) <= (margin_ms(clock) or 0)


def test_an_answer_without_a_date_tells_nothing() -> None:
    assert marketplace_clock(httpx.Response(200), NOON) is None
    assert (offset_ms(None), margin_ms(None), on_its_clock(NOON, None)) == (None, None, NOON)


def test_the_header_date_is_the_clock() -> None:
    response = httpx.Response(200, headers={"date": "Sun, 22 Nov 2026 12:00:07 GMT"})
    response.elapsed = dt.timedelta(milliseconds=500)
    clock = marketplace_clock(response, NOON)

    assert clock == ClockReading(dt.timedelta(seconds=7.25), dt.timedelta(seconds=2.25))
    assert on_its_clock(NOON, clock) == NOON + dt.timedelta(seconds=7.25)
