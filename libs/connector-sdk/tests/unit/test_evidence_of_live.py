import pytest
from contracts import proves_live
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("quantity", "live_above", "shown", "proof"),
    [
        (10, 4, 10, True),
        (10, 4, 5, True),
        (10, 4, 4, False),  # what was offered before may still show
        (10, 4, 11, False),  # more than was written: a hand edit, or something put back
        (10, 10, 10, False),  # the old quantity may have come down to it
        (10, None, 10, False),  # nobody knows what was offered before
        (0, None, 0, True),
        (0, 4, 0, True),
        (0, None, 1, False),
    ],
)
def test_evidence_by_hand(quantity: int, live_above: int | None, shown: int, proof: bool) -> None:  # noqa: FBT001 - a case
    assert proves_live(quantity, live_above, shown) is proof


@given(quantity=st.integers(1, 100), before=st.integers(0, 100), sold=st.integers(0, 100))
def test_what_was_offered_before_is_never_taken_for_the_write(quantity: int, before: int, sold: int) -> None:
    assert not proves_live(quantity, before, max(0, before - sold))
