"""What operators do about watermark holds: see them, and let go what a dead letter holds that nobody needs."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime import holds
from runtime.access import needs
from runtime.api_keys import Scope


class LetterOrigin(BaseModel):
    """Where the record of a dead letter was read from; `topic` is without the cluster's prefix."""

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]


class ReleaseBody(BaseModel):
    letters: Annotated[list[LetterOrigin], Field(min_length=1, max_length=1000)]


class Released(BaseModel):
    released: int


class HoldView(BaseModel):
    """`channel` null holds every channel. One with `expired_at` holds no more: the watermark has passed it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    channel: str | None
    reason: str
    since: dt.datetime
    expired_at: dt.datetime | None


def holds_router(engine: AsyncEngine) -> APIRouter:
    router = APIRouter(prefix="/v1/watermark-holds")

    @router.get("")
    @needs(Scope.OPERATE)
    async def show() -> list[HoldView]:
        """What holds a channel's watermark, or has run out and is not resolved, the oldest first."""
        async with engine.connect() as connection:
            return [HoldView.model_validate(hold) for hold in await holds.read(connection)]

    @router.post("/release")
    @needs(Scope.OPERATE)
    async def release(body: ReleaseBody) -> Released:
        """Let go for good what these dead letters hold, also if they are replayed; `released` counts what held."""
        names = [holds.letter_hold(each.topic, each.partition, each.offset) for each in body.letters]
        async with engine.begin() as connection:
            return Released(released=await holds.discard(connection, names))

    return router
