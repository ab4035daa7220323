"""The wait before a restart grows with quick exits and starts anew after a steady run."""

import pytest
from local_stack.backoff import quick_exits, restart_delay_s


def test_the_delay_doubles_up_to_its_ceiling() -> None:
    assert [restart_delay_s(exits) for exits in range(1, 8)] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_the_delay_stays_at_its_ceiling_however_often_a_program_exits() -> None:
    assert restart_delay_s(100_000) == 5.0


@pytest.mark.parametrize(("lived_s", "expected"), [(0.0, 4), (9.9, 4), (10.0, 1), (3600.0, 1)])
def test_exits_in_a_row_start_anew_after_a_steady_run(lived_s: float, expected: int) -> None:
    assert quick_exits(3, lived_s) == expected
