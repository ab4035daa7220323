"""Which requests with an Idempotency-Key were answered, and how: the same request again gets the same answer."""

import dataclasses as dc
import datetime as dt
import hashlib
import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT = dt.timedelta(hours=24)
"""At least so long; a request that comes again later is a new one."""

_KEEP = text("""
insert into answered_requests (caller, key, fingerprint, answer, answered_at)
values (:caller, :key, :fingerprint, cast(:answer as jsonb), :now)
on conflict (caller, key) do update set key = excluded.key
returning fingerprint, answer
""")
_SWEEP = text("""
delete from answered_requests where (caller, key) in
    (select caller, key from answered_requests where answered_at < :until order by answered_at limit :most)
""")


class KeyReusedError(Exception):
    """The same caller used the same key for another request."""


@dc.dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request under the key that its caller gave it; each caller has keys of their own."""

    caller: str
    key: str
    body: Any

    @property
    def fingerprint(self) -> str:
        """Of what the body says, however it is written down."""
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()


async def remember(
    connection: AsyncConnection, request: KeyedRequest, answer: dict[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """Keep `answer` within the caller's transaction, or answer with what the same request was answered before.

    Whoever comes second with a key waits here until the first one's transaction has ended.

    Raises:
        KeyReusedError: the key belongs to a request with another body.
    """
    written = {
        "caller": request.caller,
        "key": request.key,
        "fingerprint": request.fingerprint,
        "answer": json.dumps(answer),
        "now": now,
    }
    row = (await connection.execute(_KEEP, written)).one()
    if row.fingerprint != request.fingerprint:
        raise KeyReusedError(request.key)
    known: dict[str, Any] = row.answer
    return known


async def sweep(connection: AsyncConnection, now: dt.datetime, *, most: int = 10_000) -> int:
    """Forget the oldest of those that were kept long enough, and say how many."""
    return (await connection.execute(_SWEEP, {"until": now - KEPT, "most": most})).rowcount
