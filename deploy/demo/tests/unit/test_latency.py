import datetime as dt

from contracts import AppliedStatus, CloudEvent, Payload, StockApplied, StockChanged, StockReason, StockTarget, Urgency
from demo.observer import Observer, percentile

START = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def sale(
    observer: Observer, event_id: str, seconds: float, placed: float | None = None, channel: str = "saberstore"
) -> None:
    data = StockChanged(
        sku="A",
        reason=StockReason.SALE,
        change_qty=-1,
        channel=channel,
        placed_at=None if placed is None else at(placed),
    )
    observer.note(CloudEvent.wrap(data, source="/test", time=at(seconds), event_id=event_id))


def note(observer: Observer, data: Payload, seconds: float, cause: str | None = None) -> None:
    observer.note(CloudEvent.wrap(data, source="/test", time=at(seconds), causation_id=cause))


def target(revision: int, **explanation: bool) -> StockTarget:
    return StockTarget(
        channel="amazon",
        sku="A",
        external_sku="x",
        quantity=1,
        revision=revision,
        urgency=Urgency.DECREASE,
        explanation=explanation,
    )


def accepted(revision: int, status: AppliedStatus = AppliedStatus.ACCEPTED) -> StockApplied:
    return StockApplied(channel="amazon", sku="A", revision=revision, status=status)


def test_a_sale_waits_for_the_first_accepted_write_that_it_led_to() -> None:
    observer = Observer()
    sale(observer, "first", 0.5)
    sale(observer, "second", 4.5, placed=4)
    note(observer, target(1), 1, "first")
    note(observer, accepted(1), 2)
    note(observer, target(2), 5, "second")
    note(observer, target(3), 6, "third")
    note(observer, accepted(2, AppliedStatus.SUPERSEDED), 6.5)
    note(observer, accepted(3), 9)
    assert observer.latencies(["amazon"]) == [1500, 5000]


def test_a_marketplaces_own_sale_is_not_timed() -> None:
    observer = Observer()
    sale(observer, "order", 0, channel="amazon")
    note(observer, target(1), 1, "order")
    note(observer, accepted(1), 2)
    assert observer.latencies(["amazon"]) == []


def test_a_sale_that_led_to_no_call_is_left_out() -> None:
    observer = Observer()
    sale(observer, "sale", 3)
    sale(observer, "other", 0)
    note(observer, target(1), 1)
    note(observer, accepted(1), 2)
    note(observer, target(2, at_rest=True), 8, "sale")
    note(observer, accepted(2), 9)
    assert observer.latencies(["amazon", "noon"]) == []


def test_percentiles_by_hand() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50, 99, 7)
    assert percentile([], 0.5) is None
