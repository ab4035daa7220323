import enum
from typing import ClassVar

from contracts.envelope import Payload
from contracts.types import Moment, Quantity, Reference, Sku


class ReservationStatus(enum.StrEnum):
    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    CONSUMED = "consumed"
    RELEASED = "released"
    EXPIRED = "expired"


class ReservationChanged(Payload):
    """A reservation of the storefront, for one SKU, changed its status."""

    event_type: ClassVar[str] = "reservation.changed.v1"

    reservation_id: Reference
    sku: Sku
    quantity: Quantity
    status: ReservationStatus
    expires_at: Moment | None = None
    """When the units are free again unless a sale consumes them."""

    @property
    def subject(self) -> str:
        return self.sku
