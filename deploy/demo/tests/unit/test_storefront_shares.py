import datetime as dt

from contracts import CloudEvent, StockTarget, Urgency
from demo.shares import CHANNEL, ToldShares

START = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
LAG = dt.timedelta(seconds=1)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def tell(shares: ToldShares, quantity: int, revision: int, seconds: float, channel: str = CHANNEL) -> None:
    target = StockTarget(
        channel=channel, sku="A", external_sku="A", quantity=quantity, revision=revision, urgency=Urgency.INCREASE
    )
    shares.note(CloudEvent.wrap(target, source="/test", time=at(seconds)))


async def sells(shares: ToldShares, units: int, seconds: float) -> bool:
    return await shares.ask("A", units, at(seconds)) is not None


async def test_nothing_is_sold_before_a_target_is_told() -> None:
    shares = ToldShares(LAG)
    tell(shares, 5, 1, 0, channel="amazon")
    assert not await sells(shares, 1, 1)


async def test_sales_count_down_and_a_new_target_counts_anew() -> None:
    shares = ToldShares(LAG)
    tell(shares, 3, 1, 0)
    assert [await sells(shares, 2, 1), await sells(shares, 2, 2), await sells(shares, 1, 3)] == [True, False, True]
    tell(shares, 2, 2, 10)
    assert await sells(shares, 2, 11)
    assert shares.revisions == {"A": 2}


async def test_an_older_target_that_comes_again_changes_nothing() -> None:
    shares = ToldShares(LAG)
    tell(shares, 1, 2, 0)
    assert await sells(shares, 1, 1)
    tell(shares, 1, 2, 0)
    tell(shares, 9, 1, 0)
    assert not await sells(shares, 1, 2)


async def test_a_target_that_was_heard_of_late_has_been_counted_down_already() -> None:
    shares = ToldShares(LAG)
    tell(shares, 10, 1, 0)
    assert await sells(shares, 3, 10.5)
    assert await sells(shares, 4, 11.5)
    tell(shares, 5, 2, 10)
    assert not await sells(shares, 2, 12)
    assert await sells(shares, 1, 12)
