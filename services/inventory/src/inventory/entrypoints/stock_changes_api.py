"""Stock changes for storefronts without a Kafka client; they take the way through Kafka like everybody else's."""

import uuid
from collections.abc import Collection
from typing import Annotated, Any

from contracts import StockChanged
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field
from runtime.access import caller, needs
from runtime.api_keys import Scope
from runtime.loops import Loop
from runtime.problems import InvalidRequestError, ProblemError
from runtime.work import Worker

from inventory.adapters.answered_requests import KeyedRequest, KeyReusedError, remember, sweep

_SWEEP_SECONDS = 600.0

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Names this request for 24 hours or more: sent again, it gets the same answer and changes nothing.",
    ),
]


class StockChangesBody(BaseModel):
    changes: Annotated[list[StockChanged], Field(min_length=1, max_length=1000)]


class StockChangesAnswer(BaseModel):
    """`event_ids` are in the order of the changes; the ledger shows them once it has applied them."""

    accepted: int
    event_ids: list[str]


def stock_changes(worker: Worker, channels: Collection[str]) -> APIRouter:
    """The changes are kept by the time of the answer, and in the ledger soon after."""
    api = APIRouter(prefix="/v1")

    @api.post("/stock-changes", status_code=202)
    @needs(Scope.STOCK_WRITE)
    async def post_stock_changes(
        body: StockChangesBody, request: Request, idempotency_key: IdempotencyKey = None
    ) -> StockChangesAnswer:
        """All of the changes or, if one of them can't be, none. Without an `Idempotency-Key` each call is a new one."""
        _check_channels(body, channels)
        keyed = None
        if idempotency_key is not None:
            keyed = KeyedRequest(caller(request), idempotency_key, body.model_dump(mode="json", exclude_unset=True))
        try:
            return StockChangesAnswer.model_validate(await _accept(body.changes, keyed, worker))
        except KeyReusedError:
            detail = "this Idempotency-Key was used for another body: send the first body again, or take a new key"
            raise ProblemError(422, "idempotency-key-reused", detail) from None

    return api


def sweeping(worker: Worker) -> Loop:
    """Forgets old Idempotency-Keys."""

    async def step() -> float:
        async with worker.begin() as work:
            forgotten = await sweep(work.connection, work.now)
        return 0.0 if forgotten else _SWEEP_SECONDS

    return Loop("idempotency-keys", step)


async def _accept(changes: list[StockChanged], keyed: KeyedRequest | None, worker: Worker) -> dict[str, Any]:
    answer: dict[str, Any] = {"accepted": len(changes), "event_ids": [str(uuid.uuid4()) for _ in changes]}
    async with worker.begin() as work:
        if keyed is not None:
            known = await remember(work.connection, keyed, answer, work.now)
            if known != answer:
                return known
        for change, event_id in zip(changes, answer["event_ids"], strict=True):
            work.publish(change, event_id=event_id)
    return answer


def _check_channels(body: StockChangesBody, channels: Collection[str]) -> None:
    """A wrong channel is told at once, not by a dead letter; a product may still be on its way, so any SKU goes."""
    wrong = [
        (f"body.changes[{index}].channel", f"must be one of: {', '.join(channels)}")
        for index, change in enumerate(body.changes)
        if change.channel is not None and change.channel not in channels
    ]
    if wrong:
        raise InvalidRequestError(wrong)
