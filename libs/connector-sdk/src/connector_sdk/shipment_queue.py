"""Parcels as the pusher works on them: the table `shipments`, and what is told about its versions."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from contracts import AppliedStatus, Issue
from runtime.work import Work

from connector_sdk import shipment_applied, shipments
from connector_sdk.attempts.asked import Kind
from connector_sdk.calls import Call
from connector_sdk.channel_state import Part
from connector_sdk.marketplace import LineResult, Marketplace, Outcome, Shipment, ShipmentResult
from connector_sdk.observed_call import CONFIRM_SHIPMENT
from connector_sdk.push_policy import PushPolicy, settle_optional
from connector_sdk.shipments import ShipmentPush
from connector_sdk.submission import Answered

_TOLD = {
    Outcome.ACCEPTED: AppliedStatus.ACCEPTED,
    Outcome.REJECTED: AppliedStatus.REJECTED,
    Outcome.UNSUPPORTED: AppliedStatus.UNSUPPORTED,
    Outcome.UNKNOWN: AppliedStatus.UNKNOWN,
}


class ShipmentCall:
    """Implements `connector_sdk.calls.Operation`. An order that is shipped in another way costs no call."""

    name = CONFIRM_SHIPMENT
    batch = 1

    def __init__(self, channel: str, marketplace: Marketplace) -> None:
        self.channel = channel
        self._marketplace = marketplace

    def attributes(self, push: ShipmentPush) -> dict[str, str | int]:
        return {"mizan.external_order_id": push.external_order_id, "mizan.package_id": push.package.package_id}

    async def submit(self, group: Sequence[ShipmentPush]) -> Sequence[LineResult]:
        return [_line(push, await self._confirm(push)) for push in group]

    async def _confirm(self, push: ShipmentPush) -> ShipmentResult:
        if push.elsewhere is not None:
            issue = Issue(code="ShippedElsewhere", message=push.elsewhere)
            return ShipmentResult(Outcome.UNSUPPORTED, issues=(issue,))
        return await self._marketplace.confirm_shipment(Shipment(push.external_order_id, push.package))


class ShipmentQueue:
    """Implements `connector_sdk.push_queue.PushQueue`. The oldest parcel goes first."""

    part = Part.SHIPMENTS
    kind = Kind.SHIPMENT

    def __init__(self, channel: str, marketplace: Marketplace, policy: PushPolicy) -> None:
        self.operation = ShipmentCall(channel, marketplace)
        self.policy = policy
        self._channel = channel

    async def take_over(self, work: Work, term: str) -> None:
        await shipments.take_over(work.connection, term)

    async def claim(self, work: Work, most: int, term: str) -> list[ShipmentPush]:
        return await shipments.claim(work.connection, most, term, work.now)

    def in_order(self, pushes: Sequence[ShipmentPush]) -> list[ShipmentPush]:
        return sorted(pushes, key=lambda push: (push.pending_since, push.key))

    def settle(self, push: ShipmentPush, result: LineResult, now: dt.datetime) -> Answered[ShipmentPush]:
        return settle_optional(push, result, self.policy, now)

    async def note(
        self, work: Work, calls: Sequence[Call[ShipmentPush]], answers: Sequence[Answered[ShipmentPush]], term: str
    ) -> None:
        """Each version's fate is told once; that its outcome is unknown so far, too."""
        unknown = [call.push.key for call in calls if call.result.outcome is Outcome.UNKNOWN]
        noted = await shipments.record(work.connection, answers, unknown, term, work.now)
        for call in (call for call in calls if call.push.key in noted):
            push, status = call.push, _TOLD.get(call.result.outcome)
            if status is None and noted[push.key]:
                before = dc.replace(push, attempts=push.attempts - 1)
                shipment_applied.tell_overtaken(work, self._channel, before)
            elif status and not (status is AppliedStatus.UNKNOWN and push.is_unknown_told):
                shipment_applied.tell(work, self._channel, push, status, *call.result.issues)

    async def recover(self, work: Work, *, is_outage_over: bool) -> None:  # noqa: ARG002 - the port's signature
        await shipments.hurry(work.connection, work.now)

    async def release(self, work: Work, not_submitted: Sequence[ShipmentPush], term: str) -> None:
        for push in await shipments.release(work.connection, not_submitted, term):
            before = dc.replace(push, attempts=push.attempts - 1)
            shipment_applied.tell_overtaken(work, self._channel, before)


def _line(push: ShipmentPush, result: ShipmentResult) -> LineResult:
    return LineResult(
        push.external_sku,
        result.outcome,
        request_id=result.request_id,
        issues=result.issues,
        retry_after=result.retry_after,
        throttled=result.throttled,
        http_status=result.http_status,
    )
