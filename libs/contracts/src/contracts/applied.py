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
    OBSERVED = "observed"


class Evidence(enum.StrEnum):
    READ_BACK = "read-back"
    CEILING = "ceiling"


class _Applied(Payload):
    """What became of one revision at its marketplace; an `observed` reading belongs to no revision."""

    channel: Channel
    sku: Sku
    revision: Revision | None = None
    status: AppliedStatus
    submitted_at: Moment | None = None
    live_at: Moment | None = None
    evidence: Evidence | None = None
    observed_at: Moment | None = None
    clock_offset_ms: int | None = None
    margin_ms: int | None = None
    attempt: Annotated[int, Field(ge=0)] = 0
    request_id: str | None = None
    submission_id: str | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def subject(self) -> str:
        return self.sku


class StockApplied(_Applied):
    """What became of a stock target. `quantity` is the target's, `observed_quantity` what the marketplace shows."""

    event_type: ClassVar[str] = "channel.stock.applied.v1"

    quantity: Quantity | None = None
    observed_quantity: Quantity | None = None


class PriceApplied(_Applied):
    """What became of a price target. `price` is the target's, `observed_price` what the marketplace shows."""

    event_type: ClassVar[str] = "channel.price.applied.v1"

    price: Money | None = None
    observed_price: Money | None = None
