"""Whether the channel works, as all replicas see it: paused by an operator, or refused by the marketplace."""

import dataclasses as dc
import datetime as dt
import enum

from contracts import ChannelState, ChannelStatusChanged, RestocksOnCancel
from runtime.work import Work
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk import status

_READ = text(
    "select paused, stock_refused, prices_refused, orders_refused, account_refused, stopped_since, restocks_on_cancel, "
    "shipments_refused from channel_state"
)
_LOCK = text(f"{_READ.text} for update")
_WRITE = text("""
update channel_state set paused = :paused, stock_refused = :stock_refused, prices_refused = :prices_refused,
    orders_refused = :orders_refused, account_refused = :account_refused,
    stopped_since = :stopped_since, restocks_on_cancel = :restocks_on_cancel, shipments_refused = :shipments_refused
""")
_NOTIFY = text("select pg_notify('pushes_' || current_schema(), '')")


class Part(enum.StrEnum):
    """What the marketplace may refuse by itself: it can let us read orders and not write stock or prices."""

    STOCK = "stock"
    PRICES = "prices"
    SHIPMENTS = "shipments"
    ORDERS = "orders"
    ACCOUNT = "account"
    """Of an account that may not sell there: nothing is written at all."""

    @property
    def words(self) -> str:
        """What it is about, for people."""
        words = {
            "stock": "stock updates",
            "prices": "price updates",
            "shipments": "shipment confirmations",
            "orders": "reading orders",
            "account": "the account",
        }
        return words[self.value]


@dc.dataclass(frozen=True, slots=True)
class Switches:
    """`…_refused`: why the marketplace does not accept our credentials, None while it does.

    `stopped_since`: since when no stock is written, for either reason. `restocks_on_cancel`: as the connector has it.
    """

    paused: bool
    stock_refused: str | None
    prices_refused: str | None
    orders_refused: str | None
    account_refused: str | None
    stopped_since: dt.datetime | None
    restocks_on_cancel: str
    shipments_refused: str | None = None

    @property
    def state(self) -> ChannelState:
        if self.refused:
            return ChannelState.UNAUTHORISED
        return ChannelState.PAUSED if self.paused else ChannelState.ACTIVE

    @property
    def refused(self) -> str | None:
        writes = self.stock_refused or self.prices_refused or self.shipments_refused
        return self.account_refused or writes or self.orders_refused

    def of(self, part: Part) -> str | None:
        known = {
            Part.STOCK: self.stock_refused,
            Part.PRICES: self.prices_refused,
            Part.SHIPMENTS: self.shipments_refused,
            Part.ORDERS: self.orders_refused,
            Part.ACCOUNT: self.account_refused,
        }
        return known[part]


async def read(connection: AsyncConnection) -> Switches:
    return Switches(*(await connection.execute(_READ)).one())


async def set_refused(work: Work, channel: str, part: Part, reason: str | None) -> None:
    """Note that the marketplace refuses a part, or with None that it accepts us again."""
    await _switch(work, channel, {f"{part.value}_refused": reason})
    if part is Part.ACCOUNT and reason is None:
        await work.connection.execute(_NOTIFY)


async def set_paused(work: Work, channel: str, *, paused: bool) -> None:
    """Stop or resume writing stock. Orders are read all the same: not knowing of a sale is no rest."""
    await _switch(work, channel, {"paused": paused})
    await work.connection.execute(_NOTIFY)


async def wake_all(connection: AsyncConnection) -> None:
    """Let everybody who writes look for work at the commit, in every replica."""
    await connection.execute(_NOTIFY)


async def note_restocks(work: Work, channel: str, restocks: RestocksOnCancel) -> None:
    """Keep what the connector knows of its marketplace, and tell it when it is another than before."""
    await _switch(work, channel, {"restocks_on_cancel": restocks.value})


async def _switch(work: Work, channel: str, change: dict[str, str | bool | None]) -> None:
    """Publish `channel.status.changed` when the state, or what the marketplace does by itself, is another one now."""
    before = Switches(*(await work.connection.execute(_LOCK)).one())
    values = dc.asdict(before) | change
    is_stopped = values["paused"] or (values["stock_refused"] or values["account_refused"]) is not None
    values["stopped_since"] = (before.stopped_since or work.now) if is_stopped else None
    after = Switches(**values)
    if after == before:
        return
    await work.connection.execute(_WRITE, values)
    if (after.state, after.restocks_on_cancel) != (before.state, before.restocks_on_cancel):
        figures = await status.read(work.connection, work.now)
        work.publish(
            ChannelStatusChanged(
                channel=channel,
                state=after.state,
                orders_known_until=figures.orders_known_until,
                oldest_pending_seconds=figures.oldest_pending_seconds,
                backlog=figures.pending,
                last_error=after.refused,
                restocks_on_cancel=RestocksOnCancel(after.restocks_on_cancel),
            )
        )
