import datetime as dt

from contracts import AppliedStatus, CloudEvent, Payload, StockApplied, StockTarget, Urgency
from demo.observer import Observer, percentile

START = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def note(observer: Observer, data: Payload, seconds: float) -> None:
    observer.note(CloudEvent.wrap(data, source="/test", time=at(seconds)))


def target(revision: int) -> StockTarget:
    return StockTarget(
        channel="amazon", sku="A", external_sku="x", quantity=1, revision=revision, urgency=Urgency.DECREASE
    )


def accepted(revision: int, status: AppliedStatus = AppliedStatus.ACCEPTED) -> StockApplied:
    return StockApplied(channel="amazon", sku="A", revision=revision, status=status)


def test_a_sale_waits_for_the_first_accepted_write_that_reflects_it() -> None:
    observer = Observer()
    note(observer, target(1), 1)
    note(observer, accepted(1), 2)
    note(observer, target(2), 5)
    note(observer, target(3), 6)
    note(observer, accepted(2, AppliedStatus.SUPERSEDED), 6.5)
    note(observer, accepted(3), 9)
    sales = [("A", at(0.5), at(1)), ("A", at(4), at(5))]
    assert observer.latencies(sales, ["amazon"]) == [1500, 5000]


def test_a_sale_that_changed_nothing_for_a_channel_is_left_out() -> None:
    observer = Observer()
    note(observer, target(1), 1)
    note(observer, accepted(1), 2)
    note(observer, target(2), 8)
    note(observer, accepted(2), 9)
    assert observer.latencies([("A", at(3), at(3)), ("B", at(0), at(0))], ["amazon", "noon"]) == []


def test_percentiles_by_hand() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50, 99, 7)
    assert percentile([], 0.5) is None
