"""Stock as the pusher works on it: the table `pushes`, and what is told about its revisions."""

import datetime as dt
from collections.abc import Sequence

from contracts import AppliedStatus
from runtime.work import Work

from connector_sdk import applied, channel_state, failed, leases, pushes
from connector_sdk.attempts.asked import Kind
from connector_sdk.calls import Call
from connector_sdk.channel_state import Part
from connector_sdk.marketplace import LineResult, Marketplace, Outcome, StockLine
from connector_sdk.marketplace_clock import on_its_clock
from connector_sdk.observed_call import PUSH_STOCK
from connector_sdk.push_policy import PushPolicy, settle
from connector_sdk.pushes import Push, urgency_order
from connector_sdk.submission import Answered

_PUBLISHED = {
    Outcome.ACCEPTED: AppliedStatus.ACCEPTED,
    Outcome.REJECTED: AppliedStatus.REJECTED,
    Outcome.UNSUPPORTED: AppliedStatus.REJECTED,
}


class StockCall:
    """Implements `connector_sdk.calls.Operation`."""

    name = PUSH_STOCK

    def __init__(self, channel: str, marketplace: Marketplace) -> None:
        self.channel = channel
        self.batch = marketplace.capabilities().stock_batch
        self._marketplace = marketplace

    def attributes(self, push: Push) -> dict[str, str | int]:
        return {"mizan.quantity": push.quantity}

    async def submit(self, group: Sequence[Push]) -> Sequence[LineResult]:
        return await self._marketplace.push_stock(
            [StockLine(push.sku, push.external_sku, push.quantity, push.revision) for push in group]
        )


class StockQueue:
    """Implements `connector_sdk.push_queue.PushQueue`."""

    part = Part.STOCK
    kind = Kind.STOCK

    def __init__(
        self, channel: str, marketplace: Marketplace, policy: PushPolicy, *, registered_only: bool = False
    ) -> None:
        """`registered_only`: a listing is written only once the registry knows that it may be."""
        self._registered_only = registered_only
        self.operation = StockCall(channel, marketplace)
        self._channel = channel
        self._restocks = marketplace.capabilities().restocks_on_cancel
        self.policy = policy

    async def take_over(self, work: Work, term: str) -> None:
        await channel_state.note_restocks(work, self._channel, self._restocks)
        for call in await leases.clear(work.connection, term, work.now, self.policy.patience):
            if call.has_ended:
                work.publish(applied.abandoned(self._channel, call, work.now + self.policy.patience.ceiling))

    async def claim(self, work: Work, most: int, term: str) -> list[Push]:
        return await pushes.claim(work.connection, most, term, work.now, registered_only=self._registered_only)

    def in_order(self, pushes: Sequence[Push]) -> list[Push]:
        return sorted(pushes, key=urgency_order)

    def settle(self, push: Push, result: LineResult, now: dt.datetime) -> Answered[Push]:
        return settle(push, result, self.policy, now)

    async def note(self, work: Work, calls: Sequence[Call[Push]], answers: Sequence[Answered[Push]], term: str) -> None:
        noted = await pushes.record(work.connection, answers, term, work.now, self.policy.patience)
        for call, answer in zip(calls, answers, strict=True):
            if call.push.sku in noted:
                self._publish(work, call, answer, is_overtaken=noted[call.push.sku])

    async def recover(self, work: Work, *, is_outage_over: bool) -> None:
        if is_outage_over:
            failed.ask_again(work, self._channel, await failed.withdrawn(work.connection, work.now))
        await pushes.hurry(work.connection, work.now)

    async def release(self, work: Work, not_submitted: Sequence[Push], term: str) -> None:
        until = work.now + self.policy.patience.ceiling
        for push in await leases.release(work.connection, not_submitted, term):
            ended = applied.overtaken(self._channel, push, may_go_live_until=until if push.reached else None)
            work.publish(ended, cause=push.cause)

    def _publish(self, work: Work, call: Call[Push], answer: Answered[Push], *, is_overtaken: bool) -> None:
        push, channel, status = call.push, self._channel, _PUBLISHED.get(call.result.outcome)
        until = on_its_clock(work.now + self.policy.patience.ceiling, call.result.clock)
        if status:
            work.publish(applied.answered(channel, push, status, call.result), cause=push.cause)
        elif answer.closed:
            status = AppliedStatus.UNKNOWN
            unknown = applied.answered(channel, push, status, call.result, may_go_live_until=until)
            work.publish(unknown, cause=push.cause)
        if is_overtaken and status in (None, AppliedStatus.ACCEPTED):
            is_reached = push.reached or answer.reached
            ended = applied.overtaken(channel, push, may_go_live_until=until if is_reached else None)
            work.publish(ended, cause=push.cause)
