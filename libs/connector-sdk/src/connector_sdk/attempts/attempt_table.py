"""The table `attempts`: written when a submission is claimed, completed when its answer is recorded.

What is claimed may leave at any moment, so an attempt counts as unknown until it has ended. Each function is one
statement in the transaction that claims, records or gives back the submissions, however many there are.
"""

import dataclasses as dc
import datetime as dt
import enum
import json
from collections.abc import Sequence
from typing import Any

from contracts import Issue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.attempts.asked import Asked, Kind
from connector_sdk.marketplace import LineResult
from connector_sdk.push_policy import storable

_MOST_ISSUES = 10
_LONGEST = 500

_BEGIN = text("""
insert into attempts (kind, key, revision, external_sku, external_order_id, package_id, quantity, amount, currency,
                      correlation_id, transport, lease, started_at)
select i.*, :transport, :lease, cast(:now as timestamptz)
from unnest(
    cast(:kinds as text[]), cast(:keys as text[]), cast(:revisions as bigint[]), cast(:external_skus as text[]),
    cast(:orders as text[]), cast(:packages as text[]), cast(:quantities as int[]), cast(:amounts as numeric[]),
    cast(:currencies as text[]), cast(:correlation_ids as text[])) as i
""")
_BEGIN_FEED = text("""
insert into attempts (kind, key, revision, external_sku, quantity, correlation_id, transport, lease, started_at)
select 'stock', sku, revision, external_sku, quantity, cause_correlation_id, 'feed', feed_key, :now
from feed_lines where feed_key = :key and outcome is null order by number
""")
# Each open attempt is looked up by its key, whatever the planner thinks of how many are open: a feed has thousands.
_FIND = """(
    select max(a.id) from attempts a where a.ended_at is null and a.key = e.key and a.kind = e.kind and a.lease = :lease
      and a.revision = e.revision
)"""
_END = text(f"""
with ended as (
    select e.*, {_FIND} as id
    from unnest(
        cast(:kinds as text[]), cast(:keys as text[]), cast(:revisions as bigint[]), cast(:outcomes as text[]),
        cast(:request_ids as text[]), cast(:submission_ids as text[]), cast(:http_statuses as int[]),
        cast(:issues as text[]), cast(:started as timestamptz[]), cast(:ended as timestamptz[]))
    as e (kind, key, revision, outcome, request_id, submission_id, http_status, issues, started_at, ended_at)
)
update attempts a set
    outcome = e.outcome, request_id = e.request_id, submission_id = e.submission_id, http_status = e.http_status,
    issues = cast(e.issues as jsonb), started_at = coalesce(e.started_at, a.started_at),
    ended_at = coalesce(e.ended_at, :now)
from ended e where a.id = e.id
""")  # noqa: S608 - constants
_DROP = text(f"""
delete from attempts where id in (
    select {_FIND} from unnest(cast(:kinds as text[]), cast(:keys as text[]), cast(:revisions as bigint[]))
    as e (kind, key, revision)
)
""")  # noqa: S608 - constants
_DROP_FEED = text("delete from attempts where lease = :lease and ended_at is null")
_ABANDON = text("""
update attempts set ended_at = :now, issues = cast(:issues as jsonb)
where ended_at is null and kind = :kind and transport = 'call' and lease not in (:lease, :beside)
""")
_FORGET = text("""
delete from attempts where id in (
    select id from (select id, started_at from attempts order by id limit :most for update skip locked) oldest
    where started_at < :before
)
""")
_ABANDONED = Issue(code="NotRecorded", message="whoever sent it ended before the answer was recorded")


class Transport(enum.StrEnum):
    """CALL: a request of its own, or one of several lines. FEED: a message of a feed."""

    CALL = "call"
    FEED = "feed"


@dc.dataclass(frozen=True, slots=True)
class Ended:
    """An attempt whose answer is known. The times of a call are known to whoever made it."""

    asked: Asked
    result: LineResult
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


def beside(lease: str) -> str:
    """The lease of what is written beside a feed by the same leader."""
    return f"beside:{lease}"


async def begin(connection: AsyncConnection, asked: Sequence[Asked], lease: str, now: dt.datetime) -> None:
    """These may leave from now on, each by a call."""
    if not asked:
        return
    values = {
        **_names(asked),
        "external_skus": [a.external_sku for a in asked],
        "orders": [a.external_order_id for a in asked],
        "packages": [a.package_id for a in asked],
        "quantities": [a.quantity for a in asked],
        "amounts": [a.price.amount if a.price else None for a in asked],
        "currencies": [a.price.currency if a.price else None for a in asked],
        "correlation_ids": [a.correlation_id for a in asked],
        "transport": Transport.CALL,
        "lease": lease,
        "now": now,
    }
    await connection.execute(_BEGIN, values)


async def begin_feed(connection: AsyncConnection, key: str, now: dt.datetime) -> None:
    """The feed may leave from now on, with every line that has no outcome yet."""
    await connection.execute(_BEGIN_FEED, {"key": key, "now": now})


async def end(connection: AsyncConnection, ended: Sequence[Ended], lease: str, now: dt.datetime) -> None:
    """Their answers are known."""
    if not ended:
        return
    results = [e.result for e in ended]
    values = {
        **_names([e.asked for e in ended]),
        "outcomes": [result.outcome.value for result in results],
        "request_ids": [_storable(result.request_id) for result in results],
        "submission_ids": [_storable(result.submission_id) for result in results],
        "http_statuses": [result.http_status for result in results],
        "issues": [_written(result.issues) for result in results],
        "started": [e.started_at for e in ended],
        "ended": [e.ended_at for e in ended],
        "lease": lease,
        "now": now,
    }
    await connection.execute(_END, values)


async def drop(connection: AsyncConnection, asked: Sequence[Asked], lease: str) -> None:
    """They provably never left."""
    if asked:
        await connection.execute(_DROP, {**_names(asked), "lease": lease})


async def drop_feed(connection: AsyncConnection, key: str) -> None:
    """The feed provably was not submitted."""
    await connection.execute(_DROP_FEED, {"lease": key})


async def abandon(connection: AsyncConnection, kind: Kind, lease: str, now: dt.datetime) -> None:
    """What earlier leaders had in flight stays unknown for good; feeds outlive their leaders."""
    values = {"kind": kind, "lease": lease, "beside": beside(lease), "now": now, "issues": _written([_ABANDONED])}
    await connection.execute(_ABANDON, values)


async def forget(connection: AsyncConnection, before: dt.datetime, most: int) -> int:
    """Delete those that began before, at most so many of the oldest. How many there were."""
    return int((await connection.execute(_FORGET, {"before": before, "most": most})).rowcount)


def _names(asked: Sequence[Asked]) -> dict[str, list[Any]]:
    return {
        "kinds": [a.kind.value for a in asked],
        "keys": [a.key for a in asked],
        "revisions": [a.revision for a in asked],
    }


def _written(issues: Sequence[Issue]) -> str:
    """Code and message of the first issues, as JSON."""
    told: list[dict[str, Any]] = [
        {"code": _storable(issue.code), "message": _storable(issue.message)} for issue in issues[:_MOST_ISSUES]
    ]
    return json.dumps(told, ensure_ascii=False)


def _storable(told: str | None) -> str | None:
    """Nobody needs a longer one."""
    return None if told is None else storable(told[:_LONGEST])
