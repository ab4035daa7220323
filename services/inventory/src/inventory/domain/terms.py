"""The terms under which quantities are moved between channels."""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping

from inventory.domain.escrow import MEMORY, Allowance, Memory, strict

_MARKETPLACE_LAG = dt.timedelta(minutes=10)


@dc.dataclass(frozen=True, slots=True)
class Channel:
    """What is known of a channel. `lag`: from a target to its settling, as a rule.

    `restocks`: whether it puts cancelled units back on sale by itself; True where nobody knows.
    """

    lag: dt.timedelta = _MARKETPLACE_LAG
    restocks: bool = True


@dc.dataclass(frozen=True, slots=True)
class Terms:
    """How eagerly units are moved.

    `window`: changes that are not urgent wait so long for others. `storefront_lag`: after it the storefront's own
    target counts as live, and its sales are told; `storefront_margin`: what its clock may differ from ours.
    `storefront_is_followed`: they are known only once a watermark behind them was read, not by the clock alone.
    `converge_after`: so long after a SKU's last change every channel is brought to its plain allocation. `shares`: of
    the buyers, by channel. `refill`: a marketplace is filled again when it holds no more than this part of what it
    sells within its lag. `call_worth`: buyers who must be kept from being turned away for a call to pay. `reclaim`: the
    storefront asks before it sells; then up to `lent` last units stand on marketplaces.
    `first_reading`: a new listing that nobody has read so long counts as not readable. `price_wait`: so long the share
    of a listing that waits for its price is kept for it.
    """

    storefront: str
    channels: Mapping[str, Channel] = dc.field(default_factory=dict)
    shares: Mapping[str, int] = dc.field(default_factory=dict)
    allowance: Allowance = strict
    memory: Memory = MEMORY
    window: dt.timedelta = dt.timedelta(seconds=2)
    storefront_lag: dt.timedelta = dt.timedelta(seconds=5)
    storefront_margin: dt.timedelta = dt.timedelta(seconds=2)
    storefront_is_followed: bool = False
    converge_after: dt.timedelta = dt.timedelta(hours=6)
    retry_after: dt.timedelta = dt.timedelta(minutes=5)
    refill: float = 0.5
    call_worth: float = 0.05
    reclaim: bool = False
    lent: int = 2
    wait_cost: float = 0.0
    first_reading: dt.timedelta = dt.timedelta(minutes=2)
    price_wait: dt.timedelta = dt.timedelta(minutes=15)

    def channel(self, name: str) -> Channel:
        return self.channels.get(name, Channel())

    def settles_in(self, channel: str) -> float:
        """Seconds until a zero has settled there, as a rule; the storefront's own does at once."""
        return 0.0 if channel == self.storefront else self.channel(channel).lag.total_seconds()
