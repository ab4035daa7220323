"""Which listings must show their new price before more units are offered."""

import dataclasses as dc
from collections.abc import Collection
from collections.abc import Set as AbstractSet

Listing = tuple[str, str]
"""(SKU, channel)."""


@dc.dataclass(frozen=True, slots=True)
class PriceWaits:
    """As of when it was read. `pending`: the listings whose newest price is not known to be live.

    `supporting`: the channels whose connector writes prices; no other channel can be waited for.
    """

    supporting: AbstractSet[str]
    pending: Collection[Listing]

    def must_wait_for_price(self, sku: str, channel: str) -> bool:
        """Whether a listing that comes back from zero would be sold at an old price."""
        return channel in self.supporting and (sku, channel) in self.pending


NO_WAITS = PriceWaits(frozenset(), frozenset())
"""Where no connector writes prices."""
