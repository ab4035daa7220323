"""The one table of topics. They are created from it, and the documents are generated from it."""

import dataclasses as dc
from collections.abc import Iterator

from contracts.applied import PriceApplied, StockApplied
from contracts.channel import ChannelStatusChanged, SyncRequested
from contracts.envelope import Payload
from contracts.listing import ListingChanged
from contracts.orders import MarketplaceOrderReceived, OrderChanged, OrderImported, OrdersWatermark
from contracts.product import ProductChanged
from contracts.reservation import ReservationChanged
from contracts.shipments import OrderShipped, ShipmentApplied
from contracts.stock import StockChanged
from contracts.target import PriceTarget, StockTarget

DAYS_30_MS = 30 * 24 * 60 * 60 * 1000
FOR_EVER = None

STOREFRONT = "storefront"
OPERATORS = "operators"
INVENTORY = "inventory"
AMAZON = "amazon-connector"
NOON = "noon-connector"
IMPORTER = "order-importer"
CONTROL = "control"
CONNECTORS = (AMAZON, NOON)


@dc.dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic. `retention_ms` None keeps records for ever. The first producer owns the topic's meaning."""

    name: str
    key: str
    partitions: int
    retention_ms: int | None
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    payloads: tuple[type[Payload], ...]

    @property
    def owner(self) -> str:
        return self.producers[0]

    def dead_letters(self) -> "Iterator[Topic]":
        """The dead-letter topics: one for each consumer group, kept for ever, since no dead letter may expire."""
        for group in self.consumers:
            name = dead_letter_topic(self.name, group)
            yield Topic(name, self.key, 1, FOR_EVER, (group,), (OPERATORS,), self.payloads)


def dead_letter_topic(topic: str, group: str) -> str:
    """Where `group` puts the records of `topic` that it can't use."""
    return f"{topic}.{group}.dlq"


TOPICS: tuple[Topic, ...] = (
    Topic("product.changed", "sku", 3, FOR_EVER, (STOREFRONT,), (INVENTORY,), (ProductChanged,)),
    Topic("stock.changed", "sku", 6, FOR_EVER, (STOREFRONT, IMPORTER), (INVENTORY,), (StockChanged, OrdersWatermark)),
    Topic(
        "listing.changed",
        "channel:sku",
        3,
        FOR_EVER,
        (INVENTORY,),
        (*CONNECTORS, IMPORTER, CONTROL),
        (ListingChanged,),
    ),
    Topic("channel.stock.target", "sku", 6, DAYS_30_MS, (INVENTORY,), (*CONNECTORS, STOREFRONT), (StockTarget,)),
    Topic("channel.price.target", "sku", 6, DAYS_30_MS, (INVENTORY,), CONNECTORS, (PriceTarget,)),
    Topic(
        "channel.stock.applied",
        "sku",
        6,
        DAYS_30_MS,
        (*CONNECTORS, STOREFRONT),
        (INVENTORY, CONTROL),
        (StockApplied,),
    ),
    Topic("channel.price.applied", "sku", 6, DAYS_30_MS, CONNECTORS, (INVENTORY, CONTROL), (PriceApplied,)),
    Topic(
        "marketplace.order.received",
        "channel:external_order_id",
        6,
        FOR_EVER,
        CONNECTORS,
        (IMPORTER,),
        (MarketplaceOrderReceived, OrdersWatermark),
    ),
    Topic("order.imported", "order_id", 3, DAYS_30_MS, (IMPORTER,), (STOREFRONT, CONTROL), (OrderImported,)),
    Topic("order.changed", "order_id", 3, DAYS_30_MS, (IMPORTER,), (STOREFRONT, CONTROL), (OrderChanged,)),
    Topic("order.shipped", "channel:external_order_id", 3, DAYS_30_MS, (STOREFRONT,), CONNECTORS, (OrderShipped,)),
    Topic(
        "channel.shipment.applied",
        "channel:external_order_id",
        3,
        DAYS_30_MS,
        CONNECTORS,
        (IMPORTER, CONTROL),
        (ShipmentApplied,),
    ),
    Topic("reservation.changed", "sku", 3, DAYS_30_MS, (INVENTORY,), (STOREFRONT, CONTROL), (ReservationChanged,)),
    Topic(
        "channel.sync.requested",
        "channel",
        1,
        DAYS_30_MS,
        (CONTROL, OPERATORS, *CONNECTORS, INVENTORY),
        (INVENTORY, *CONNECTORS),
        (SyncRequested,),
    ),
    Topic(
        "channel.status.changed", "channel", 1, DAYS_30_MS, CONNECTORS, (INVENTORY, CONTROL), (ChannelStatusChanged,)
    ),
)

BY_NAME = {topic.name: topic for topic in TOPICS}


def all_topics() -> tuple[Topic, ...]:
    """Every topic that must exist, dead-letter topics included."""
    return tuple(t for topic in TOPICS for t in (topic, *topic.dead_letters()))


def partition_counts() -> dict[str, int]:
    """Partitions of every topic by name: what a producer needs to choose a partition for a key."""
    return {topic.name: topic.partitions for topic in all_topics()}


_TOPIC_OF_TYPE = {
    payload.event_type: topic.name for topic in TOPICS for payload in topic.payloads if payload is not OrdersWatermark
}


def topic_of(payload: type[Payload]) -> str:
    """The topic that carries `payload`. A watermark goes to several topics, so its topic must be named by hand."""
    return _TOPIC_OF_TYPE[payload.event_type]
