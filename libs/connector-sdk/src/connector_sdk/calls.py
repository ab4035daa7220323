"""The calls under way: started as the token bucket allows, a few side by side."""

import asyncio
import dataclasses as dc
import datetime as dt
import traceback
from collections.abc import Sequence
from typing import Generic, Protocol

import structlog
from contracts import Issue
from runtime.clock import Clock, system_clock
from runtime.errors import one_line
from runtime.logs import get_logger
from runtime.metrics import THROTTLED
from runtime.telemetry import Telemetry
from runtime.tracing import CLIENT, note

from connector_sdk import push_policy
from connector_sdk.attempts.attempt_table import Ended
from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.observed_call import ObservedCall, outcome_of_lines
from connector_sdk.push_policy import PushPolicy
from connector_sdk.submission import P, P_contra
from connector_sdk.token_bucket import TokenBucket

_CALL_SECONDS = 30.0
"""A stop above the client's own timeouts, which a trickling answer can outlast."""

_log = get_logger(__name__)


@dc.dataclass(frozen=True, slots=True)
class Call(Generic[P]):
    """A line whose call has ended. The times are our own clock's; None: whoever made it has not kept them."""

    push: P
    result: LineResult
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None

    @property
    def attempt(self) -> Ended:
        return Ended(self.push.asked, self.result, self.started_at, self.ended_at)

    @property
    def error(self) -> str:
        return push_policy.one_line(self.result.issues) or self.result.outcome.value


class Operation(Protocol[P_contra]):
    """A marketplace's call that writes. `name` is that of its spans and figures; one carries at most `batch` lines."""

    @property
    def name(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def batch(self) -> int: ...

    def attributes(self, push: P_contra) -> dict[str, str | int]:
        """What the span of a single line tells besides its SKU and revision."""
        ...

    async def submit(self, group: Sequence[P_contra]) -> Sequence[LineResult]: ...


class Calls(Generic[P]):
    """A queue, the calls that it feeds, and their results until those are recorded."""

    def __init__(
        self,
        operation: Operation[P],
        policy: PushPolicy,
        bucket: TokenBucket,
        telemetry: Telemetry,
        *,
        clock: Clock = system_clock,
    ) -> None:
        """`bucket` may be shared with others: a marketplace counts by account, whatever is written."""
        self._clock = clock
        self._operation = operation
        self._telemetry = telemetry
        self._bucket = bucket
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._queue: list[P] = []
        self._term = ""
        self._dispatcher: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: list[Call[P]] = []
        self._accepted = 0
        self._is_refused = False
        self.batch = operation.batch

    @property
    def rate(self) -> float:
        return self._bucket.rate

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def are_running(self) -> bool:
        """Whether anything waits, is under way or is not recorded yet."""
        return bool(self._queue or self._tasks or self._ended)

    def add(self, queue: Sequence[P], term: str) -> None:
        """Replace what waits, in the order of urgency. Once a refusal is recorded, this is the word to try again."""
        self._queue, self._term = list(queue), term
        self._is_refused = any(call.result.outcome is Outcome.UNAUTHORISED for call in self._ended)
        if self._queue and (self._dispatcher is None or self._dispatcher.done()):
            self._dispatcher = asyncio.create_task(self._dispatch(), name="push-dispatcher")

    def take_queue(self) -> list[P]:
        """Take out what was not submitted yet."""
        queue, self._queue = self._queue, []
        return queue

    def forget(self) -> None:
        """Drop what waits and what has ended; the results of calls still under way will be dropped too."""
        self._queue, self._term = [], ""
        self._ended = []

    async def run(self, seconds: float) -> None:
        """Let the calls go on: until all have ended, but not for longer than that."""
        waiting = {task for task in (*self._tasks, self._dispatcher) if task and not task.done()}
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        if self._dispatcher and self._dispatcher.done():
            await self._dispatcher
            self._dispatcher = None

    def ended(self) -> list[Call[P]]:
        """The calls that have ended and are not recorded yet."""
        return list(self._ended)

    def forget_ended(self, calls: Sequence[Call[P]]) -> None:
        del self._ended[: len(calls)]

    async def finish(self, seconds: float) -> list[P]:
        """Start no more, wait for what is under way, and return what was not submitted."""
        queue = self.take_queue()
        running = set(self._tasks)
        if self._dispatcher:
            self._dispatcher.cancel()
            await asyncio.wait({self._dispatcher})
        if running:
            await asyncio.wait(running, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return queue

    async def _dispatch(self) -> None:
        while self._queue and not self._is_refused:
            await self._slots.acquire()
            try:
                started_at = await self._bucket.acquire()
            except BaseException:
                self._slots.release()
                raise
            group, self._queue = self._queue[: self.batch], self._queue[self.batch :]
            task = asyncio.create_task(self._call(group, self._term, started_at))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _call(self, group: Sequence[P], term: str, started_at: float) -> None:
        begun_at = self._clock()
        try:
            accepted = self._accepted
            results, traceparent = await self._observe(group) if group else ((), None)
        finally:
            self._slots.release()
        if term != self._term:
            return
        ended_at = self._clock()
        for push, result in push_policy.match(group, results):
            below = push.traced(traceparent) if push is group[0] else push
            self._ended.append(Call(below, self._judge(result, accepted, started_at), begun_at, ended_at))

    async def _observe(self, group: Sequence[P]) -> tuple[Sequence[LineResult], str | None]:
        """The results of the call, and the traceparent of its span, which is in the trace of its first line."""
        first = group[0]
        operation = self._operation
        attributes: dict[str, str | int] = {"mizan.channel": operation.channel, "mizan.lines": len(group)}
        if len(group) == 1:
            structlog.contextvars.bind_contextvars(correlation_id=first.cause_correlation_id, sku=first.sku)
            attributes |= {"mizan.sku": first.sku, "mizan.revision": first.revision, **operation.attributes(first)}
        with (
            self._telemetry.tracing.span(
                operation.name,
                CLIENT,
                parent=first.cause_traceparent,
                others=[push.cause_traceparent for push in group[1:]],
                attributes=attributes,
            ) as traceparent,
            ObservedCall(operation.name, self._telemetry.measurements) as call,
        ):
            results = await self._submit(group)
            call.outcome = outcome_of_lines(results)
            note("mizan.outcome", call.outcome)
        return results, traceparent

    async def _submit(self, group: Sequence[P]) -> Sequence[LineResult]:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                return await self._operation.submit(group)
        except Exception as error:  # noqa: BLE001 - a bug that one listing hits must not stop the others
            if not isinstance(error, TimeoutError):
                skus, failed = [push.sku for push in group], f"{self._operation.name} failed"
                _log.error(failed, skus=skus, error=one_line(error), at=_at(error))
            issue = Issue(code="CallFailed", message=one_line(error))
            return [LineResult(push.external_sku, Outcome.UNKNOWN, issues=(issue,)) for push in group]

    def _judge(self, result: LineResult, accepted_before: int, started_at: float) -> LineResult:
        """Learn from a result. A refusal beside a success since the call began is about the listing, not about us."""
        if result.throttled:
            self._telemetry.measurements.count(THROTTLED)
            self._bucket.slow_down(result.retry_after, started_at=started_at)
        elif result.outcome is Outcome.ACCEPTED:
            self._accepted += 1
            self._bucket.speed_up(result.allowed_rate)
        elif result.outcome is Outcome.UNAUTHORISED:
            if self._accepted > accepted_before:
                return dc.replace(result, outcome=Outcome.UNKNOWN)
            self._is_refused = True
        return result


def _at(error: Exception) -> str:
    """Where it happened. The frames' variables are left out, since they may hold a token."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.name}:{frame.lineno}"
