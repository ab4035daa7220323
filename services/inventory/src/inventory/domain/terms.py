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
    target counts as live, and its sales as known, `storefront_margin` being what its clock may differ from ours.
    `converge_after`: so long after a SKU's last change every channel is
    brought to its plain allocation. `shelf`: the most units a marketplace holds of what sells slowly. `cover`: of
    what sells fast it holds what it sells in `cover` times its lag. `refill`: it is filled again when it holds no more
    than this share of that. `first_reading`: a new listing that nobody has read so long counts as not readable.
    """

    storefront: str
    channels: Mapping[str, Channel] = dc.field(default_factory=dict)
    allowance: Allowance = strict
    memory: Memory = MEMORY
    window: dt.timedelta = dt.timedelta(seconds=2)
    storefront_lag: dt.timedelta = dt.timedelta(seconds=5)
    storefront_margin: dt.timedelta = dt.timedelta(seconds=2)
    converge_after: dt.timedelta = dt.timedelta(hours=6)
    retry_after: dt.timedelta = dt.timedelta(minutes=5)
    shelf: int = 20
    cover: float = 3.0
    refill: float = 1.0
    ready: float = 0.5
    low: float = 0.5
    few: int = 8
    call_worth: float = 0.1
    reclaim: bool = False
    first_reading: dt.timedelta = dt.timedelta(minutes=2)
    shares: Mapping[str, int] = dc.field(default_factory=dict)

    def channel(self, name: str) -> Channel:
        return self.channels.get(name, Channel())
