"""Which dead letters are resolved: control's table, and its HTTP face."""

import datetime as dt
import enum
from collections.abc import Sequence
from typing import Annotated, Any

from contracts import all_topics
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_READ = text("""
select topic, partition, "offset", action, at from dead_letters_resolved
where topic = any(cast(:topics as text[])) order by topic, partition, "offset"
""")
_WRITE = text("""
insert into dead_letters_resolved (topic, partition, "offset", action, at)
select topic, partition, "offset", :action, :now
from unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:offsets as bigint[]))
    as l (topic, partition, "offset")
order by 1, 2, 3
on conflict do nothing
returning topic
""")


class Action(enum.StrEnum):
    RETRIED = "retried"
    DISCARDED = "discarded"


class LetterPlace(BaseModel):
    """Where a letter lies; `topic` is the dead-letter topic, without the cluster's prefix."""

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]


class Resolved(LetterPlace):
    action: Action
    at: dt.datetime


class ResolveBody(BaseModel):
    action: Action
    letters: Annotated[list[LetterPlace], Field(min_length=1, max_length=1000)]


def resolved_router(worker: Worker) -> APIRouter:
    router = APIRouter(prefix="/v1/dead-letters")

    @router.get("/resolved")
    @needs(Scope.OPERATE)
    async def show(topic: Annotated[list[str], Query(min_length=1)]) -> list[Resolved]:
        """The resolved letters of the dead-letter topics named."""
        async with worker.begin() as work:
            rows = (await work.connection.execute(_READ, {"topics": topic})).mappings()
            return [Resolved.model_validate(dict(row)) for row in rows]

    @router.post("/resolved")
    @needs(Scope.OPERATE)
    async def resolve(body: ResolveBody) -> dict[str, Any]:
        """Remember what was done; what is resolved already stays as it is. `resolved` counts those that are new."""
        _check(body.letters)
        async with worker.begin() as work:
            return {"resolved": await _write(work.connection, body, work.now)}

    return router


def _check(letters: Sequence[LetterPlace]) -> None:
    known = {topic.name for topic in all_topics() if topic.name.endswith(".dlq")}
    for letter in letters:
        if letter.topic not in known:
            raise HTTPException(422, f"{letter.topic!r} is no dead-letter topic: it is <topic>.<group>.dlq")


async def _write(connection: AsyncConnection, body: ResolveBody, now: dt.datetime) -> int:
    rows = await connection.execute(
        _WRITE,
        {
            "topics": [letter.topic for letter in body.letters],
            "partitions": [letter.partition for letter in body.letters],
            "offsets": [letter.offset for letter in body.letters],
            "action": body.action,
            "now": now,
        },
    )
    return len(rows.all())
