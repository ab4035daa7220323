import pytest
from connector_sdk.token_bucket import TokenBucket


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_throttling_slows_down_once_a_second_and_never_to_a_halt() -> None:
    clock = _Clock()
    bucket = TokenBucket(10.0, 5, clock=clock)
    bucket.slow_down()
    bucket.slow_down()
    assert bucket.rate == pytest.approx(7.0)

    for _ in range(50):
        clock.now += 1
        bucket.slow_down()
    assert bucket.rate == pytest.approx(1.0)


def test_recovery_goes_in_small_steps_up_to_full_speed() -> None:
    clock = _Clock()
    bucket = TokenBucket(10.0, 5, clock=clock)
    bucket.slow_down()
    bucket.speed_up()
    assert bucket.rate == pytest.approx(7.0)

    clock.now += 1
    bucket.speed_up()
    assert bucket.rate == pytest.approx(7.5)
    for _ in range(50):
        clock.now += 1
        bucket.speed_up()
    assert bucket.rate == 10.0


async def test_a_burst_passes_without_waiting() -> None:
    bucket = TokenBucket(0.001, 3)
    for _ in range(3):
        await bucket.acquire()
