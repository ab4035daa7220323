"""How long to wait before a program that exited is started again."""

FIRST_S = 0.2
LONGEST_S = 5.0
STEADY_AFTER_S = 10.0


def quick_exits(before: int, lived_s: float) -> int:
    """Exits in a row, now that one more program exited after `lived_s`: one that lived long enough starts anew at 1."""
    return 1 if lived_s >= STEADY_AFTER_S else before + 1


def restart_delay_s(exits_in_a_row: int) -> float:
    """0.2 s after the first exit, doubling with each further one, up to 5 s."""
    doublings = min(exits_in_a_row - 1, 16)
    return min(FIRST_S * 2.0**doublings, LONGEST_S)
