"""Prices as the pusher works on them: the table `price_pushes`, and what is told about its revisions."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from contracts import AppliedStatus
from runtime.work import Work

from connector_sdk import price_applied, price_pushes
from connector_sdk.attempts.asked import Kind
from connector_sdk.calls import Call
from connector_sdk.channel_state import Part
from connector_sdk.marketplace import LineResult, Marketplace, Outcome, PriceLine
from connector_sdk.observed_call import PUSH_PRICES
from connector_sdk.price_pushes import PricePush
from connector_sdk.push_policy import PushPolicy, settle_optional
from connector_sdk.submission import Answered

_PUBLISHED = {
    Outcome.ACCEPTED: AppliedStatus.ACCEPTED,
    Outcome.REJECTED: AppliedStatus.REJECTED,
    Outcome.UNSUPPORTED: AppliedStatus.UNSUPPORTED,
}


class PriceCall:
    """Implements `connector_sdk.calls.Operation`."""

    name = PUSH_PRICES

    def __init__(self, channel: str, marketplace: Marketplace) -> None:
        self.channel = channel
        self.batch = marketplace.capabilities().price_batch
        self._marketplace = marketplace

    def attributes(self, push: PricePush) -> dict[str, str | int]:
        return {"mizan.price": f"{push.price.amount} {push.price.currency}"}

    async def submit(self, group: Sequence[PricePush]) -> Sequence[LineResult]:
        return await self._marketplace.push_prices(
            [PriceLine(push.sku, push.external_sku, push.price, push.revision) for push in group]
        )


class PriceQueue:
    """Implements `connector_sdk.push_queue.PushQueue`. The oldest price goes first."""

    part = Part.PRICES
    kind = Kind.PRICE

    def __init__(
        self, channel: str, marketplace: Marketplace, policy: PushPolicy, *, registered_only: bool = False
    ) -> None:
        """`registered_only`: as in the queue of stock."""
        self._registered_only = registered_only
        self.operation = PriceCall(channel, marketplace)
        self.policy = policy
        self._channel = channel
        self._can_write = marketplace.capabilities().prices

    async def take_over(self, work: Work, term: str) -> None:
        await price_pushes.take_over(work.connection, term, work.now, can_write=self._can_write)

    async def claim(self, work: Work, most: int, term: str) -> list[PricePush]:
        only = self._registered_only
        return await price_pushes.claim(work.connection, most, term, work.now, registered_only=only)

    def in_order(self, pushes: Sequence[PricePush]) -> list[PricePush]:
        return sorted(pushes, key=lambda push: (push.pending_since, push.sku))

    def settle(self, push: PricePush, result: LineResult, now: dt.datetime) -> Answered[PricePush]:
        return settle_optional(push, result, self.policy, now)

    async def note(
        self, work: Work, calls: Sequence[Call[PricePush]], answers: Sequence[Answered[PricePush]], term: str
    ) -> None:
        """An outcome that nobody knows is told only where a newer price has come: else this one is written again."""
        read_after = self.policy.patience.read_after
        noted = await price_pushes.record(work.connection, answers, term, work.now, read_after)
        for call in (call for call in calls if call.push.sku in noted):
            push, status = call.push, _PUBLISHED.get(call.result.outcome)
            if status:
                work.publish(price_applied.answered(self._channel, push, status, call.result), cause=push.cause)
            elif noted[push.sku]:
                work.publish(price_applied.overtaken(self._channel, push), cause=push.cause)

    async def recover(self, work: Work, *, is_outage_over: bool) -> None:  # noqa: ARG002 - the port's signature
        await price_pushes.hurry(work.connection, work.now)

    async def release(self, work: Work, not_submitted: Sequence[PricePush], term: str) -> None:
        for push in await price_pushes.release(work.connection, not_submitted, term):
            before = dc.replace(push, attempts=push.attempts - 1)
            work.publish(price_applied.overtaken(self._channel, before), cause=push.cause)
