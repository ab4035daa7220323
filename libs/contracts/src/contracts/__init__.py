"""The events, topics and schemas that Mizan's services share: pydantic only, no IO."""

from contracts.applied import AppliedStatus, Evidence, PriceApplied, StockApplied
from contracts.channel import ChannelState, ChannelStatusChanged, RestocksOnCancel, SyncRequested, SyncScope
from contracts.envelope import AnyEvent, CloudEvent, Payload
from contracts.listing import ListingChanged
from contracts.orders import (
    FulfilledBy,
    ImportedLine,
    MarketplaceOrderReceived,
    OrderChanged,
    OrderImported,
    OrderLine,
    OrderStatus,
    OrdersWatermark,
    Workflow,
)
from contracts.product import ProductChanged
from contracts.registry import InvalidEventError, event_class, parse
from contracts.reservation import ReservationChanged, ReservationStatus
from contracts.shipments import OrderShipped, Package, PackageLine, ShipmentApplied
from contracts.stock import StockChanged, StockReason
from contracts.target import PriceTarget, StockTarget, Urgency, proves_live
from contracts.topics import BY_NAME, TOPICS, Topic, all_topics, dead_letter_topic, partition_counts, topic_of
from contracts.types import Issue, Money

__all__ = [
    "BY_NAME",
    "TOPICS",
    "AnyEvent",
    "AppliedStatus",
    "ChannelState",
    "ChannelStatusChanged",
    "CloudEvent",
    "Evidence",
    "FulfilledBy",
    "ImportedLine",
    "InvalidEventError",
    "Issue",
    "ListingChanged",
    "MarketplaceOrderReceived",
    "Money",
    "OrderChanged",
    "OrderImported",
    "OrderLine",
    "OrderShipped",
    "OrderStatus",
    "OrdersWatermark",
    "Package",
    "PackageLine",
    "Payload",
    "PriceApplied",
    "PriceTarget",
    "ProductChanged",
    "ReservationChanged",
    "ReservationStatus",
    "RestocksOnCancel",
    "ShipmentApplied",
    "StockApplied",
    "StockChanged",
    "StockReason",
    "StockTarget",
    "SyncRequested",
    "SyncScope",
    "Topic",
    "Urgency",
    "Workflow",
    "all_topics",
    "dead_letter_topic",
    "event_class",
    "parse",
    "partition_counts",
    "proves_live",
    "topic_of",
]
