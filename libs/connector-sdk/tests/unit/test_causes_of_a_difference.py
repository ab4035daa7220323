import dataclasses as dc
import datetime as dt

import pytest
from connector_sdk.discrepancy import Confirmed, Judged, Shown, Target, Verdict, confirm, judge
from connector_sdk.marketplace import Reading
from connector_sdk.sold_lines import SoldLine
from contracts import Issue
from hypothesis import example, given
from hypothesis import strategies as st

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
LIVE = Target(
    sku="A",
    external_sku="X-A",
    revision=3,
    quantity=10,
    state="live",
    is_closed=False,
    is_reached=False,
    is_under_way=False,
    is_proven=True,
    live_above=None,
    submitted_at=NOON,
    live_at=NOON + dt.timedelta(minutes=1),
)
UNPROVEN = dc.replace(LIVE, is_proven=False)
KNOWN = NOON + dt.timedelta(hours=2)


def _reading(quantity: int | None, minutes: float = 60, refusal: Issue | None = None) -> Reading:
    return Reading("X-A", quantity, NOON + dt.timedelta(minutes=minutes), refusal=refusal)


def _sold(quantity: int, minutes: float = 30, *, cancelled: int = 0, updated: float | None = None) -> SoldLine:
    placed = NOON + dt.timedelta(minutes=minutes)
    changed = placed if updated is None else NOON + dt.timedelta(minutes=updated)
    return SoldLine("X-A", quantity, cancelled, placed, changed)


@pytest.mark.parametrize(
    ("target", "shown", "verdict"),
    [
        (LIVE, 10, Verdict.AGREES),
        (LIVE, 11, Verdict.HAND_EDIT),
        (UNPROVEN, 11, Verdict.LOST_WRITE),
        (dc.replace(UNPROVEN, before=Shown(14, NOON)), 14, Verdict.LOST_WRITE),
        (dc.replace(UNPROVEN, before=Shown(14, NOON)), 12, Verdict.HAND_EDIT),
        (dc.replace(LIVE, state="accepted"), 14, Verdict.IN_FLIGHT),
        (dc.replace(LIVE, state="pending", live_at=None), 14, Verdict.IN_FLIGHT),
        (dc.replace(LIVE, is_under_way=True), 14, Verdict.IN_FLIGHT),
        (dc.replace(LIVE, state="rejected"), 14, Verdict.NOT_SENT),
        (dc.replace(LIVE, state="pending", is_closed=True), 14, Verdict.NOT_SENT),
        (dc.replace(LIVE, state="pending", is_closed=True, is_reached=True), 14, Verdict.IN_FLIGHT),
        (dc.replace(LIVE, live_at=NOON + dt.timedelta(hours=2)), 14, Verdict.STALE_READING),
    ],
)
def test_what_shows_as_much_or_more(target: Target, shown: int, verdict: Verdict) -> None:
    judged = judge(target, _reading(shown), [], KNOWN)
    assert judged.verdict is verdict
    assert judged.excess == (verdict in (Verdict.HAND_EDIT, Verdict.LOST_WRITE))


@pytest.mark.parametrize(
    ("sold", "shown", "judged"),
    [
        ([_sold(2)], 8, Judged(Verdict.PENDING_ORDER)),
        ([_sold(2)], 7, Judged(Verdict.HAND_EDIT, is_doubtful=True)),
        ([_sold(2)], 9, Judged(Verdict.HAND_EDIT, excess=True)),
        ([_sold(2)], 10, Judged(Verdict.HAND_EDIT, excess=True)),
        ([_sold(2, cancelled=2)], 10, Judged(Verdict.AGREES)),
        ([_sold(2, cancelled=2)], 8, Judged(Verdict.PENDING_ORDER)),
        ([_sold(2, minutes=0.5)], 10, Judged(Verdict.AGREES)),
        ([_sold(2, minutes=0.5)], 8, Judged(Verdict.PENDING_ORDER)),
        ([_sold(2, minutes=-9)], 8, Judged(Verdict.HAND_EDIT, is_doubtful=True)),
        ([_sold(2, minutes=-9, cancelled=2, updated=20)], 12, Judged(Verdict.PENDING_ORDER)),
        ([_sold(20)], 0, Judged(Verdict.PENDING_ORDER)),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else None,
)
def test_orders_explain_what_they_took(sold: list[SoldLine], shown: int, judged: Judged) -> None:
    assert judge(LIVE, _reading(shown), sold, KNOWN) == judged


@pytest.mark.parametrize("known_until", [None, NOON])
def test_less_than_expected_may_be_an_order_that_is_not_known_yet(known_until: dt.datetime | None) -> None:
    assert judge(LIVE, _reading(7), [], known_until) == Judged(Verdict.PENDING_ORDER, is_doubtful=True)


def test_a_raise_that_shows_no_more_than_before_it_was_lost() -> None:
    raised = dc.replace(UNPROVEN, live_above=6)
    assert judge(raised, _reading(6), [], KNOWN).verdict is Verdict.LOST_WRITE
    assert judge(raised, _reading(7), [], KNOWN).verdict is Verdict.HAND_EDIT


@pytest.mark.parametrize(
    ("second", "sold", "known_until", "confirmed"),
    [
        (_reading(7, 62), [], KNOWN, Confirmed(Verdict.HAND_EDIT, tell=True)),
        (_reading(10, 62), [], KNOWN, Confirmed(Verdict.STALE_READING)),
        (_reading(12, 62), [], KNOWN, Confirmed(Verdict.HAND_EDIT, tell=True)),
        (_reading(7, 62), [_sold(3)], KNOWN, Confirmed(Verdict.PENDING_ORDER)),
        (_reading(7, 62), [], NOON, Confirmed(Verdict.PENDING_ORDER, is_open=True)),
        (_reading(None, 62), [], KNOWN, Confirmed(Verdict.NOT_OFFERED)),
    ],
)
def test_a_second_reading_tells(
    second: Reading, sold: list[SoldLine], known_until: dt.datetime, confirmed: Confirmed
) -> None:
    assert confirm(LIVE, _reading(7), second, sold, known_until) == confirmed


def test_a_listing_that_is_gone_is_told_only_with_a_reason() -> None:
    gone = Issue(code="UnknownListing", message="no such SKU")
    assert confirm(LIVE, _reading(None), _reading(None, 62, gone), [], KNOWN) == Confirmed(
        Verdict.NOT_OFFERED, tell=True
    )
    assert confirm(LIVE, _reading(None), _reading(10, 62), [], KNOWN) == Confirmed(Verdict.STALE_READING)


@example(shown=6, quantities=[(5, 59.0)], known=None)
@given(
    shown=st.integers(0, 40),
    quantities=st.lists(st.tuples(st.integers(1, 5), st.floats(-30, 90)), max_size=5),
    known=st.one_of(st.none(), st.floats(-60, 180)),
)
def test_too_little_is_never_told_by_one_reading(
    shown: int, quantities: list[tuple[int, float]], known: float | None
) -> None:
    """Excess is what is told at once: it is always more than was desired less what was certainly sold."""
    known_until = None if known is None else NOON + dt.timedelta(minutes=known)
    judged = judge(LIVE, _reading(shown), [_sold(quantity, at) for quantity, at in quantities], known_until)
    at_most_certain = sum(quantity for quantity, at in quantities if 1 < at < 60)
    if judged.excess:
        assert shown > max(0, LIVE.quantity - at_most_certain)
    if shown < LIVE.quantity - sum(quantity for quantity, _ in quantities):
        assert judged.is_doubtful
