"""The order reader: reads every page of a search, publishes what is new, then advances the cursor.

One round reads one page. A process that dies between two pages starts the same search again and finds the first
page's orders already seen.
"""

import asyncio
import dataclasses as dc
import datetime as dt

from contracts import MarketplaceOrderReceived, OrdersWatermark, topic_of
from runtime.backoff import delay
from runtime.health import Check
from runtime.logs import get_logger
from runtime.metrics import ORDERS_PUBLISHED, ORDERS_READ
from runtime.work import Work, Worker

from connector_sdk import channel_state, cursors, seen_orders, shipments
from connector_sdk.account import Account
from connector_sdk.channel_state import Part
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import Marketplace, MarketplaceError, OrderPage, Outcome, Search, UnreadableOrder
from connector_sdk.observed_call import FETCH_ORDER, FETCH_ORDERS, ObservedCall
from connector_sdk.settings import ConnectorSettings

_UPDATE_SEARCH_EVERY = 4
_PAGE_SECONDS = 45.0
_NOT_READY_AFTER = 3
_BAD_REQUEST_SECONDS = 300.0
_SHORTEST_LIMIT_SECONDS, _LONGEST_LIMIT_SECONDS = 5.0, 60.0
"""Between these, a read that fails is tried again no later than the next one would have come."""
_ORDERS = topic_of(MarketplaceOrderReceived)

_log = get_logger(__name__)


@dc.dataclass(frozen=True, slots=True)
class ReadPolicy:
    """How often and how far back to read."""

    poll_seconds: float = 180.0
    overlap: dt.timedelta = dt.timedelta(minutes=10)
    first_read: dt.timedelta = dt.timedelta(hours=72)
    open_orders: dt.timedelta = dt.timedelta(days=30)
    unauthorised_seconds: float = 30.0

    @classmethod
    def of(cls, settings: ConnectorSettings) -> "ReadPolicy":
        return cls(
            poll_seconds=settings.order_poll_seconds,
            overlap=dt.timedelta(seconds=settings.order_overlap_seconds),
            first_read=dt.timedelta(hours=settings.order_first_read_hours),
            open_orders=dt.timedelta(days=settings.order_open_days),
        )


@dc.dataclass(slots=True)
class _Read:
    """A search under way, from its first page to its last."""

    search: Search
    since: dt.datetime
    started_at: dt.datetime
    cursor: str | None = None
    known_until: dt.datetime | None = None

    def reach(self) -> cursors.Reach:
        return cursors.Reach(self.known_until or self.started_at, self.known_until)


class OrderReader:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, account: Account, marketplace: Marketplace, worker: Worker, leader: Leader, policy: ReadPolicy
    ) -> None:
        self._account = account
        self._marketplace = marketplace
        self._worker = worker
        self._leader = leader
        self._policy = policy
        self._has_update_search = marketplace.capabilities().update_search
        self._read: _Read | None = None
        self._term: str | None = None
        self._complete_reads = 0
        self._failures = 0
        self._error: str | None = None
        self._is_refused: bool | None = None

    async def step(self) -> float:
        term = await self._leader.lead()
        if term is None:
            self._read, self._is_refused = None, None
            return STANDBY_SECONDS
        if term != self._term:
            self._read, self._term = None, term
            if (pause := await self._pause()) > 0:
                return pause
        self._read = read = self._read or await self._begin()
        await self._note_call()
        try:
            with ObservedCall(FETCH_ORDERS, self._worker.telemetry.measurements):
                async with asyncio.timeout(_PAGE_SECONDS):
                    page = await self._marketplace.fetch_orders(read.search, read.since, read.cursor)
        except MarketplaceError as error:
            return await self._on_error(error)
        await self._accept()
        return await self._take(read, page)

    async def fetch(self, external_order_id: str) -> OrderPage:
        """Read one order now and keep it like any other.

        Raises:
            MarketplaceError: it could not be read.
        """
        with ObservedCall(FETCH_ORDER, self._worker.telemetry.measurements):
            page = await self._marketplace.fetch_order(external_order_id)
        async with self._worker.begin() as work:
            await self._keep(work, page)
        return page

    async def check(self) -> Check:
        return Check(ok=self._failures < _NOT_READY_AFTER, detail=self._error or "")

    async def _pause(self) -> float:
        """How long a new leader waits before its first call.

        Searches are scarce, and the leader before, or a process that died again and again, has spent some.
        """
        async with self._worker.begin() as work:
            called_at = await cursors.last_call(work.connection)
            passed = (work.now - called_at).total_seconds() if called_at else self._policy.poll_seconds
            return min(self._policy.poll_seconds - passed, self._policy.poll_seconds)

    async def _note_call(self) -> None:
        """Before the call, so that it is known of even where the process dies with it."""
        async with self._worker.begin() as work:
            await cursors.note_call(work.connection, work.now)

    async def _begin(self) -> _Read:
        is_update_turn = self._complete_reads % _UPDATE_SEARCH_EVERY == _UPDATE_SEARCH_EVERY - 1
        search = Search.UPDATED if self._has_update_search and is_update_turn else Search.CREATED
        async with self._worker.begin() as work:
            position = await cursors.position(work.connection, search)
            oldest_open = None
            if not self._has_update_search:
                oldest_open = await seen_orders.oldest_open(work.connection, work.now - self._policy.open_orders)
            since = window_start(position, oldest_open, work.now, self._policy)
            return _Read(search, since, work.now)

    async def _take(self, read: _Read, page: OrderPage) -> float:
        is_stuck = page.next_cursor is not None and page.next_cursor == read.cursor
        if page.known_until and (read.known_until is None or page.known_until < read.known_until):
            read.known_until = page.known_until
        async with self._worker.begin() as work:
            await self._keep(work, page)
            await seen_orders.note_searched(work.connection, split(page)[0], work.now)
            if page.next_cursor is None:
                await cursors.advance(work.connection, read.search, read.reach(), work.now)
                self._tell_known_until(read, work)
        if is_stuck:
            return await self._on_error(MarketplaceError(Outcome.REJECTED, "the page token leads to its own page"))
        read.cursor = page.next_cursor
        if page.next_cursor is not None:
            return 0.0
        self._read = None
        self._complete_reads += 1
        return self._policy.poll_seconds

    def _tell_known_until(self, read: _Read, work: Work) -> None:
        """A watermark, behind every order that this and earlier reads published.

        Only a complete search by creation says up to when all orders are known: a search by last update misses an
        order that was touched a moment ago.
        """
        if read.search is Search.CREATED and read.known_until is not None:
            watermark = OrdersWatermark(channel=self._account.channel, known_until=read.known_until)
            work.broadcast(watermark, _ORDERS)

    async def _keep(self, work: Work, page: OrderPage) -> None:
        orders, unstorable = split(page)
        work.count(ORDERS_READ, len(page.orders))
        for order in await seen_orders.keep(work.connection, seen_orders.newest(orders)):
            work.publish(order, event_id=seen_orders.event_id(order))
            work.count(ORDERS_PUBLISHED)
        await shipments.note_elsewhere(work.connection, page.shipped_elsewhere)
        for each in await seen_orders.keep_unreadable(work.connection, unstorable, work.now):
            _log.error("order can't be read", external_order_id=each.external_order_id, reason=each.reason)

    async def _on_error(self, error: MarketplaceError) -> float:
        self._failures += 1
        self._error = f"{error.outcome}: {error}"
        if error.outcome is Outcome.UNAUTHORISED:
            return await self._refuse(error)
        _log.warning("orders not read, will retry", attempt=self._failures, error=self._error)
        if error.outcome in (Outcome.REJECTED, Outcome.UNSUPPORTED):
            self._read = None
            return delay(self._failures, first=5.0, longest=_BAD_REQUEST_SECONDS)
        if error.throttled:  # the allowance grows by about one call in the time between two searches
            return max(
                error.retry_after or 0.0, self._policy.poll_seconds, delay(self._failures, first=0.5, longest=5.0)
            )
        longest = min(max(self._policy.poll_seconds, _SHORTEST_LIMIT_SECONDS), _LONGEST_LIMIT_SECONDS)
        return max(error.retry_after or 0.0, delay(self._failures, first=2.0, longest=longest))

    async def _refuse(self, error: MarketplaceError) -> float:
        if not self._is_refused:
            async with self._worker.begin() as work:
                await channel_state.set_refused(work, self._account.channel, Part.ORDERS, str(error))
            variables = ", ".join(self._account.credentials)
            _log.error(
                f"the marketplace refuses to show orders: check {variables}",
                channel=self._account.channel,
                error=str(error),
            )
        self._is_refused = True
        return self._policy.unauthorised_seconds

    async def _accept(self) -> None:
        if self._is_refused is not False:
            async with self._worker.begin() as work:
                await channel_state.set_refused(work, self._account.channel, Part.ORDERS, None)
        self._failures, self._error, self._is_refused = 0, None, False


def window_start(
    position: dt.datetime | None, oldest_open: dt.datetime | None, now: dt.datetime, policy: ReadPolicy
) -> dt.datetime:
    """Where a search starts: behind the last one, and early enough for every order that may still change."""
    start = position - policy.overlap if position else now - policy.first_read
    return min(start, oldest_open) if oldest_open else start


def split(page: OrderPage) -> tuple[list[MarketplaceOrderReceived], list[UnreadableOrder]]:
    """The orders that can be stored, and those that can't: Postgres keeps no text with a NUL character."""
    orders = [order for order in page.orders if "\0" not in order.external_order_id]
    odd = [o.external_order_id for o in page.orders if "\0" in o.external_order_id]
    named = [(each.external_order_id, each.reason) for each in page.unreadable]
    unreadable = [*named, *((order_id, "its number holds a NUL character") for order_id in odd)]
    return orders, [UnreadableOrder(i.replace("\0", "\\0"), reason.replace("\0", "\\0")) for i, reason in unreadable]
