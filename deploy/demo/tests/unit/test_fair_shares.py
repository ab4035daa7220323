import pytest
from demo.fair_shares import fair_shares
from demo.modes import Mode


@pytest.mark.parametrize(
    ("available", "mode", "shares"),
    [
        (100, Mode.REPORT, (29, 33, 33)),
        (91, Mode.REPORT, (26, 31, 30)),
        (2, Mode.REPORT, (0, 1, 1)),
        (1, Mode.REPORT, (0, 1, 0)),
        (0, Mode.REPORT, (0, 0, 0)),
        (-3, Mode.REPORT, (0, 0, 0)),
        (3, Mode.RESERVE, (1, 1, 1)),
        (2, Mode.RESERVE, (0, 1, 1)),
        (1, Mode.RESERVE, (0, 1, 0)),
    ],
)
def test_shares_by_hand(available: int, mode: Mode, shares: tuple[int, int, int]) -> None:
    assert tuple(fair_shares(available, mode).values()) == shares
