import pytest
from connector_sdk.token_bucket import TokenBucket


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Marketplace:
    """Counts as marketplaces do: `rate` calls a second after a burst of five."""

    def __init__(self, clock: _Clock, rate: float) -> None:
        self._clock = clock
        self.rate = rate
        self._tokens, self._filled_at = 5.0, clock.now

    def takes(self) -> bool:
        self._tokens = min(5.0, self._tokens + (self._clock.now - self._filled_at) * self.rate)
        self._filled_at = self._clock.now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


async def _run(bucket: TokenBucket, marketplace: _Marketplace, accepted: int, told: float | None = None) -> int:
    """Call until so many calls went through; how many were throttled."""
    throttled = 0
    while accepted:
        started_at = await bucket.acquire()
        if marketplace.takes():
            accepted -= 1
            bucket.speed_up(told)
        else:
            throttled += 1
            bucket.slow_down(started_at=started_at)
    return throttled


def _bucket(clock: _Clock, rate: float = 5.0, burst: int = 4) -> TokenBucket:
    return TokenBucket(rate, burst, clock=clock, sleep=clock.sleep)


async def test_burst_then_the_rate() -> None:
    clock = _Clock()
    bucket = _bucket(clock)
    for _ in range(4):
        assert await bucket.acquire() == 100.0
    for _ in range(50):
        await bucket.acquire()
    assert clock.now == pytest.approx(110.0)


async def test_a_drained_bucket_gives_no_burst() -> None:
    clock = _Clock()
    bucket = _bucket(clock)
    bucket.drain()
    assert await bucket.acquire() == pytest.approx(100.2)


async def test_a_call_from_before_the_last_change_says_nothing_about_the_new_rate() -> None:
    clock = _Clock()
    bucket = _bucket(clock)
    first, second = await bucket.acquire(), await bucket.acquire()
    clock.now += 1
    bucket.slow_down(started_at=first)
    rate = bucket.rate
    bucket.slow_down(started_at=second)
    assert bucket.rate == rate < 5.0


async def test_a_single_refusal_costs_little_and_full_speed_comes_back() -> None:
    clock = _Clock()
    bucket, marketplace = _bucket(clock), _Marketplace(clock, 1000.0)
    bucket.slow_down()
    assert bucket.rate == pytest.approx(4.75)
    assert await _run(bucket, marketplace, 30) == 0
    assert bucket.rate == 5.0


async def test_a_pause_that_was_asked_for_is_kept() -> None:
    clock = _Clock()
    bucket = _bucket(clock)
    bucket.slow_down(retry_after=60.0)
    assert await bucket.acquire() == pytest.approx(160.0)


def test_it_never_comes_to_a_halt() -> None:
    bucket = _bucket(_Clock())
    for _ in range(100):
        bucket.slow_down()
    assert bucket.rate == pytest.approx(0.05)


@pytest.mark.parametrize("real_rate", [0.25, 1.0, 4.0])
async def test_it_finds_a_rate_far_below_the_published_one_and_climbs_again(real_rate: float) -> None:
    clock = _Clock()
    bucket, marketplace = _bucket(clock), _Marketplace(clock, real_rate)
    assert await _run(bucket, marketplace, 50) <= 12
    assert bucket.rate == pytest.approx(real_rate, rel=0.3)

    began = clock.now
    assert await _run(bucket, marketplace, 200) <= 12
    assert 200 / (clock.now - began) > 0.8 * real_rate

    marketplace.rate = 5.0
    assert await _run(bucket, marketplace, 300) <= 3
    assert bucket.rate == pytest.approx(5.0, rel=0.1)


async def test_a_rate_that_the_marketplace_tells_is_believed_but_never_above_ours() -> None:
    clock = _Clock()
    bucket, marketplace = _bucket(clock), _Marketplace(clock, 0.25)
    assert await _run(bucket, marketplace, 50, told=0.25) <= 1
    assert bucket.rate == 0.25
    marketplace.rate = 500.0
    await _run(bucket, marketplace, 200, told=500.0)
    assert bucket.rate == 5.0
