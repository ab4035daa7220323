import enum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import Payload
from contracts.types import Channel, Issue, Moment, Money, Quantity, Revision, Sku


class AppliedStatus(enum.StrEnum):
    """How far a target got at its marketplace. Accepted is not live."""

    ACCEPTED = "accepted"
    LIVE = "live"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    UNSUPPORTED = "unsupported"
    """Of a price: the channel's API can't set any. It was not submitted and never will be."""
    OBSERVED = "observed"


class Evidence(enum.StrEnum):
    READ_BACK = "read-back"
    CEILING = "ceiling"


class _Applied(Payload):
    channel: Channel
    sku: Sku
    revision: Revision | None = None
    """The target's. Absent: an `observed` reading, which belongs to no revision."""
    status: AppliedStatus
    submitted_at: Moment | None = None
    live_at: Moment | None = None
    """From when on it is taken as live, on the channel's clock as far as `clock_offset_ms` is known."""
    may_go_live_until: Moment | None = None
    """Of an `unknown` outcome: if the write is not live by then it never will be. The clock is that of `live_at`."""
    evidence: Evidence | None = None
    """What proves that it is live."""
    observed_at: Moment | None = None
    """When the marketplace was read, on its own clock where it shows one. Absent: it was not, since it can't be."""
    clock_offset_ms: int | None = None
    """The marketplace's clock minus ours. Absent: it shows no clock, and all times are on ours."""
    margin_ms: int | None = None
    """How far the offset may be wrong."""
    attempt: Annotated[int, Field(ge=0)] = 0
    request_id: str | None = None
    """The marketplace's id of the API call."""
    submission_id: str | None = None
    """The marketplace's id of the write, for looking it up there."""
    issues: tuple[Issue, ...] = ()

    @property
    def subject(self) -> str:
        return self.sku


class StockApplied(_Applied):
    """What became of a stock target, or what the marketplace was seen to show."""

    event_type: ClassVar[str] = "channel.stock.applied.v1"

    quantity: Quantity | None = None
    """The target's."""
    observed_quantity: Quantity | None = None
    """What the marketplace shows. Absent in an `observed`: this listing can't be read; `issues` says why."""


class PriceApplied(_Applied):
    """What became of a price target, or what the marketplace was seen to show."""

    event_type: ClassVar[str] = "channel.price.applied.v1"

    price: Money | None = None
    """The target's."""
    observed_price: Money | None = None
    """What the marketplace shows."""
