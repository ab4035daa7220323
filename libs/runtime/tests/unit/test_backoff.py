from hypothesis import given
from hypothesis import strategies as st
from runtime.backoff import delay


def test_delay_doubles_until_the_longest() -> None:
    assert [delay(attempt, first=1, longest=8, jitter=0) for attempt in range(1, 7)] == [1, 2, 4, 8, 8, 8]


def test_jitter_takes_off_up_to_a_half() -> None:
    assert delay(3, first=1, longest=8, jitter=1) == 2


@given(attempt=st.integers(1, 10_000), first=st.floats(0.01, 10), longest=st.floats(10, 100))
def test_delay_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
    attempt: int, first: float, longest: float
) -> None:
    assert first / 2 <= delay(attempt, first=first, longest=longest) <= longest
