"""The notification reader: notes what a marketplace's queue tells, in one transaction, and then deletes the messages.

What is to be done about a notification is in the database before its message is deleted. A process that dies between
the two gets the message again and knows its id.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence

from runtime.backoff import delay
from runtime.health import Check
from runtime.logs import get_logger
from runtime.metrics import NOTIFICATIONS, NOTIFICATIONS_FAILING
from runtime.work import Work, Worker

from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.notifications import notification_table
from connector_sdk.notifications.notification_queue import Batch, Notification, NotificationQueue, QueueError, Topic

Listener = Callable[[Sequence[Notification], Work], Awaitable[int]]
"""Takes notifications of one topic in, within the transaction; returns how many it had a use for."""

_IDLE_SECONDS = 0.2
_FAILING_AFTER = 3
_RECEIVE, _DELETE = "receive", "delete"
_LONGEST_PAUSE_SECONDS = 60.0

_log = get_logger(__name__)


class NotificationReader:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(
        self, queue: NotificationQueue, worker: Worker, leader: Leader, listeners: Mapping[Topic, Listener]
    ) -> None:
        self._queue = queue
        self._worker = worker
        self._leader = leader
        self._listeners = listeners
        self._receiving: asyncio.Task[Batch] | None = None
        self._is_stopped = False
        self._failures = {_RECEIVE: 0, _DELETE: 0}
        self._error: str | None = None
        self._last_message_at: dt.datetime | None = None

    async def step(self) -> float:
        if await self._leader.lead() is None:
            self._accept(_RECEIVE, _DELETE)  # whoever leads tells how it is
            return STANDBY_SECONDS
        try:
            batch = await self._receive()
        except QueueError as error:
            return self._on_error(_RECEIVE, error)
        if not batch.receipts:
            self._accept(_RECEIVE)
            return _IDLE_SECONDS
        async with self._worker.begin() as work:
            await self._take(batch, work)
            self._last_message_at = work.now
        try:
            left = await self._queue.delete(batch.receipts)
        except QueueError as error:
            return self._on_error(_DELETE, error)
        if left:
            _log.warning("messages not deleted, they will come again", count=left)
        self._accept(_RECEIVE, _DELETE)
        return 0.0

    def stop(self) -> None:
        """Wait for no message any more. One that comes at this moment comes again."""
        self._is_stopped = True
        if self._receiving:
            self._receiving.cancel()

    async def close(self) -> None:
        await self._queue.close()

    async def check(self) -> Check:
        """Never not ok: without notifications orders are still found, only later. The alert is on the metric."""
        facts = {"failures": max(self._failures.values()), "last_message_at": self._last_message_at}
        return Check(ok=True, detail=f"retrying: {self._error}" if self._error else "", facts=facts)

    async def _receive(self) -> Batch:
        if self._is_stopped:
            return Batch()
        self._receiving = asyncio.create_task(self._queue.receive(), name="receive-notifications")
        try:
            await asyncio.wait({self._receiving})
        finally:
            self._receiving.cancel()  # does nothing to one that has ended
        return Batch() if self._receiving.cancelled() else self._receiving.result()

    async def _take(self, batch: Batch, work: Work) -> None:
        await notification_table.begin(work.connection, work.now)
        fresh = await notification_table.remember(work.connection, batch.notifications, work.now)
        repeated = len(batch.notifications) - len(fresh)
        if repeated:
            work.count(NOTIFICATIONS, repeated, topic="any", outcome="repeated")
        for topic in Topic:
            about = [each for each in fresh if each.topic is topic]
            if about:
                await self._hand_on(topic, about, work)
        for message_id in await notification_table.set_aside(work.connection, batch.unreadable, work.now):
            work.count(NOTIFICATIONS, topic="any", outcome="unusable")
            reason = next(each.reason for each in batch.unreadable if each.message_id == message_id)
            _log.error("notification can't be read, it is set aside", message_id=message_id, reason=reason)

    async def _hand_on(self, topic: Topic, about: Sequence[Notification], work: Work) -> None:
        listener = self._listeners.get(topic)
        taken = await listener(about, work) if listener else 0
        for outcome, count in (("taken", taken), ("ignored", len(about) - taken)):
            if count:
                work.count(NOTIFICATIONS, count, topic=topic.value, outcome=outcome)

    def _accept(self, *steps: str) -> None:
        """A queue that is found empty says nothing of whether we may delete from it."""
        self._failures |= dict.fromkeys(steps, 0)
        if not any(self._failures.values()):
            self._error = None
        self._show()

    def _on_error(self, step: str, error: QueueError) -> float:
        self._failures[step] += 1
        self._error = str(error)
        _log.warning("no notifications, will retry", attempt=self._failures[step], error=self._error)
        self._show()
        return delay(self._failures[step], first=1.0, longest=_LONGEST_PAUSE_SECONDS)

    def _show(self) -> None:
        is_failing = max(self._failures.values()) >= _FAILING_AFTER
        self._worker.telemetry.measurements.set(NOTIFICATIONS_FAILING, is_failing)
