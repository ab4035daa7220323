from typing import ClassVar

from contracts.envelope import Payload
from contracts.types import Channel, Reference, Sku


class ListingChanged(Payload):
    """A SKU is (or is no longer) offered on a channel. `external_id` is the ASIN or the Noon SKU."""

    event_type: ClassVar[str] = "listing.changed.v1"

    channel: Channel
    sku: Sku
    external_sku: Reference
    external_id: str | None = None
    external_url: str | None = None
    is_active: bool = True

    @property
    def subject(self) -> str:
        return f"{self.channel}:{self.sku}"
