from typing import ClassVar

from contracts.envelope import Payload
from contracts.types import Channel, Reference, Sku


class ListingChanged(Payload):
    """A SKU is (or is no longer) offered on a channel."""

    event_type: ClassVar[str] = "listing.changed.v1"

    channel: Channel
    sku: Sku
    external_sku: Reference
    """The SKU that the seller gave to the listing on the channel."""
    external_id: str | None = None
    """The channel's own id: the ASIN or the Noon SKU."""
    external_url: str | None = None
    is_active: bool = True

    @property
    def subject(self) -> str:
        return f"{self.channel}:{self.sku}"
