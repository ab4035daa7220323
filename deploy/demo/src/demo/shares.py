"""What the storefront may sell: by the targets that it was told, or by asking before each sale."""

import dataclasses as dc
import datetime as dt
from collections import defaultdict
from typing import Protocol

from contracts import AnyEvent, StockTarget

from demo.house import House

CHANNEL = "saberstore"
_REMEMBERED = dt.timedelta(minutes=1)
_KEPT_SECONDS = 30
_PATIENCE_SECONDS = 15
_POLL_SECONDS = 10


@dc.dataclass(frozen=True, slots=True)
class Permit:
    """A buyer may be served; the sale names the reservation, if there is one."""

    reservation_id: str | None = None


class Shares(Protocol):
    """Where the storefront learns what it may sell."""

    async def ask(self, sku: str, units: int, now: dt.datetime) -> Permit | None:
        """None: the buyer must be turned away."""
        ...


class NoLimit:
    """Implements `Shares`: everybody is served, whatever is there."""

    async def ask(self, sku: str, units: int, now: dt.datetime) -> Permit | None:  # noqa: ARG002 - the protocol's
        return Permit()


class ToldShares:
    """Implements `Shares` by `channel.stock.target`: it says what may be sold from then on; sales count down.

    The inventory takes a target as live `lag` after it was written. One that is heard of later than that has been
    counted down by the sales since.
    """

    def __init__(self, lag: dt.timedelta) -> None:
        self._lag = lag
        self._left: dict[str, int] = defaultdict(int)
        self._sold: dict[str, list[tuple[dt.datetime, int]]] = defaultdict(list)
        self.revisions: dict[str, int] = {}
        """The newest target of each SKU that was heard of."""

    def note(self, event: AnyEvent) -> None:
        """Older revisions, and other channels' targets, change nothing."""
        target = event.data
        if not isinstance(target, StockTarget) or target.channel != CHANNEL:
            return
        if target.revision <= self.revisions.get(target.sku, 0):
            return
        self.revisions[target.sku] = target.revision
        since = sum(units for at, units in self._sold[target.sku] if at > event.time + self._lag)
        self._left[target.sku] = max(0, target.quantity - since)

    async def ask(self, sku: str, units: int, now: dt.datetime) -> Permit | None:
        if self._left[sku] < units:
            return None
        self._left[sku] -= units
        self._sold[sku] = [sale for sale in self._sold[sku] if sale[0] > now - _REMEMBERED] + [(now, units)]
        return Permit()


class AskedShares:
    """Implements `Shares` by reservations. `waited`: how many seconds each buyer waited who had to."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.waited: list[float] = []

    async def ask(self, sku: str, units: int, now: dt.datetime) -> Permit | None:
        reservation = await self._house.reserve(sku, units, ttl=_KEPT_SECONDS, wait=_PATIENCE_SECONDS)
        if reservation["status"] == "waiting":
            while reservation["status"] == "waiting":
                reservation = await self._house.reservation(reservation["reservation_id"], wait=_POLL_SECONDS)
            self.waited.append((dt.datetime.now(dt.UTC) - now).total_seconds())
        return Permit(reservation["reservation_id"]) if reservation["status"] == "granted" else None
