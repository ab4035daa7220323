"""The storefront's warehouse: what leaves, and when."""

import dataclasses as dc
import datetime as dt
from typing import Any

from contracts import (
    AppliedStatus,
    CloudEvent,
    ImportedLine,
    OrderImported,
    OrderShipped,
    OrderStatus,
    ShipmentApplied,
    Workflow,
    parse,
)
from demo.buyers import Bought
from demo.parcels import Warehouse
from demo.shares import NoLimit
from demo.storefront import Storefront

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
OURS, NOT_TO_BE_SHIPPED = Bought("amazon", "O1", "A", 2, 0, ships=True), Bought("noon", "O2", "A", 3, 1)


@dc.dataclass
class Kafka:
    """A producer that keeps what it is given."""

    sent: list[OrderShipped] = dc.field(default_factory=list)

    async def send(self, topic: str, value: bytes, **_: Any) -> None:  # noqa: ANN401 - as Kafka's
        data = parse(topic, value).data
        assert isinstance(data, OrderShipped)
        self.sent.append(data)


def imported(order: Bought) -> Any:  # noqa: ANN401 - an event
    line = ImportedLine(line_reference=f"line of {order.order_id}", sku=order.sku, quantity=order.quantity)
    data = OrderImported(
        order_id=f"our {order.order_id}",
        source=order.channel,
        external_order_id=order.order_id,
        status=OrderStatus.UNSHIPPED,
        workflow=Workflow.MARKETPLACE_DIRECT,
        lines=(line,),
    )
    return CloudEvent.wrap(data, source="/test", time=NOW)


async def test_an_order_leaves_once_when_it_is_imported() -> None:
    kafka, warehouse = Kafka(), Warehouse("run")
    storefront = Storefront(kafka, "run", NoLimit())
    bought = [OURS, NOT_TO_BE_SHIPPED]
    assert not await warehouse.ship(bought, storefront)
    assert warehouse.unfinished() == "1 orders that are to be shipped are not imported"
    for order in bought:
        warehouse.note(imported(order))
    for _ in range(2):
        assert await warehouse.ship(bought, storefront)
    (shipped,) = kafka.sent
    assert (shipped.channel, shipped.external_order_id) == ("amazon", "O1")
    assert [(line.external_line_id, line.quantity) for line in shipped.packages[0].lines] == [("line of O1", 2)]
    assert warehouse.unfinished() == "1 parcels have no answer"


async def test_what_is_told_of_a_parcel_is_heard_once() -> None:
    kafka, warehouse = Kafka(), Warehouse("run")
    warehouse.note(imported(OURS))
    await warehouse.ship([OURS], Storefront(kafka, "run", NoLimit()))
    for status in (AppliedStatus.UNKNOWN, AppliedStatus.ACCEPTED):
        for order_id in ("O1", "another"):
            data = ShipmentApplied(channel="amazon", external_order_id=order_id, package_id="P", status=status)
            event = CloudEvent.wrap(data, source="/test", time=NOW, event_id=f"{order_id} {status}")
            warehouse.note(event)
            warehouse.note(event)
    (parcel,) = warehouse.parcels
    assert list(parcel.told.values()) == [AppliedStatus.UNKNOWN, AppliedStatus.ACCEPTED]
    assert warehouse.unfinished() == ""
