from typing import Annotated, ClassVar

from pydantic import Field

from contracts.applied import AppliedStatus
from contracts.envelope import Payload
from contracts.types import Channel, Issue, Moment, Quantity, Reference, Value


class PackageLine(Value):
    """What of one order line is in the parcel."""

    external_line_id: Reference
    quantity: Quantity


class Package(Value):
    """One parcel."""

    package_id: Reference
    """Ours; the same when the parcel is told again."""
    carrier_code: str
    """The marketplace's code of the carrier."""
    carrier_name: str | None = None
    tracking_number: str
    shipped_at: Moment
    lines: tuple[PackageLine, ...]


class OrderShipped(Payload):
    """The storefront shipped all or a part of a marketplace order."""

    event_type: ClassVar[str] = "order.shipped.v1"

    channel: Channel
    external_order_id: Reference
    packages: Annotated[tuple[Package, ...], Field(min_length=1)]

    @property
    def subject(self) -> str:
        return f"{self.channel}:{self.external_order_id}"


class ShipmentApplied(Payload):
    """What a marketplace answered to the confirmation of one package."""

    event_type: ClassVar[str] = "channel.shipment.applied.v1"

    channel: Channel
    external_order_id: Reference
    package_id: Reference
    status: AppliedStatus
    issues: tuple[Issue, ...] = ()

    @property
    def subject(self) -> str:
        return f"{self.channel}:{self.external_order_id}"
