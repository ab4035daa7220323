import enum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import Payload
from contracts.types import Channel, Moment, Quantity, Reference, Sku


class SyncScope(enum.StrEnum):
    STOCK = "stock"
    PRICES = "prices"
    ORDERS = "orders"
    LISTINGS = "listings"
    ALL = "all"


class SyncRequested(Payload):
    """Somebody asks that a channel be brought in step again, wholly or for one SKU or order."""

    event_type: ClassVar[str] = "channel.sync.requested.v1"

    channel: Channel
    scope: SyncScope
    sku: Sku | None = None
    """Absent: every SKU."""
    external_order_id: Reference | None = None
    """Absent: every order."""

    @property
    def subject(self) -> str:
        return self.channel


class ChannelState(enum.StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    DEGRADED = "degraded"
    UNAUTHORISED = "unauthorised"


class RestocksOnCancel(enum.StrEnum):
    """Whether a marketplace itself puts the units of a cancelled order back on sale."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ChannelStatusChanged(Payload):
    """How a channel fares, as its connector sees it."""

    event_type: ClassVar[str] = "channel.status.changed.v1"

    channel: Channel
    state: ChannelState
    orders_known_until: Moment | None = None
    """Every order placed up to then has been read; on the channel's clock."""
    oldest_pending_seconds: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Age of the oldest target in the backlog."""
    backlog: Quantity = 0
    """Listings whose newest target is neither accepted nor rejected."""
    last_error: str | None = None
    restocks_on_cancel: RestocksOnCancel | None = None
    """Absent: the connector does not say, which counts as unknown."""

    @property
    def subject(self) -> str:
        return self.channel
