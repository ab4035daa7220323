"""The tables `feeds` and `feed_lines`: what goes by feed, and how far each got.

A revision that goes by feed is in flight in `pushes` under the feed's key, which is its lease.
"""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Sequence

from contracts import Urgency
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.desire import URGENCIES
from connector_sdk.feeds.bulk_writer import FeedLine, FeedStatus
from connector_sdk.feeds.feed_policy import Backlog, Fate, LastFeed
from connector_sdk.marketplace import Outcome
from connector_sdk.pushes import Push

_IS_DUE = "p.state in ('pending', 'quarantined') and p.in_flight_revision is null and p.next_attempt_at <= :now"
_IS_OURS = """
    p.state = 'pending' and p.quantity > 0 and p.urgency = :increase and not p.reached and p.failures = 0
    and (p.earlier_until is null or p.earlier_until <= :now)
    and (not :registered_only or 'offered' = (select r.state from registry r where r.external_sku = p.external_sku))
"""
_BACKLOG = text(f"""
select count(*) as due, count(*) filter (where {_IS_OURS}) as raises
from pushes p where {_IS_DUE} and not p.closed
""")  # noqa: S608 - constants
_TAKE = text(f"""
with chosen as (
    select p.sku from pushes p where {_IS_DUE} and not p.closed and {_IS_OURS}
    order by p.quantity, p.pending_since, p.sku limit :most for update skip locked
),
taken as (
    update pushes p set in_flight_revision = p.revision, lease = :key, attempts = p.attempts + 1, submitted_at = :now
    from chosen where p.sku = chosen.sku
    returning p.*
)
insert into feed_lines (feed_key, number, sku, external_sku, revision, quantity, attempts, cause_event_id,
                        cause_correlation_id, cause_traceparent)
select :key, row_number() over (order by t.sku), t.sku, t.external_sku, t.revision, t.quantity, t.attempts,
       t.cause_event_id, t.cause_correlation_id, t.cause_traceparent
from taken t
""")  # noqa: S608 - constants
_OPEN = text("insert into feeds (key, state, opened_at) values (:key, 'prepared', :now)")
_LAST = text("select opened_at, closed_at, fate from feeds order by opened_at desc limit 1")
_COLUMNS = "key, state, opened_at, submitted_at, external_feed_id, seen_status, seen_since"
_UNFINISHED = text(f"select {_COLUMNS} from feeds where closed_at is null order by opened_at limit 1")  # noqa: S608 - constants
_LINES = text("""
select l.number, l.sku, l.revision, l.external_sku, l.quantity, l.attempts, f.submitted_at,
       l.cause_event_id, l.cause_correlation_id, l.cause_traceparent
from feed_lines l join feeds f on f.key = l.feed_key
where l.feed_key = :key and l.outcome is null and l.number > :after
  and (not :overtaken or exists (select from pushes p where p.sku = l.sku and p.revision > l.revision))
order by l.number limit :most
""")
_SUBMITTING = text("""
update feeds set state = 'submitting', document_id = :document_id, submitted_at = :now
where key = :key and state = 'prepared' and closed_at is null
""")
_NOT_SUBMITTED = text("update feeds set state = 'prepared' where key = :key and state = 'submitting'")
_SUBMITTED = text("""
update feeds set external_feed_id = :feed_id, state = case when state = 'submitting' then 'open' else state end
where key = :key and external_feed_id is null
""")
_KNOWN = text("select external_feed_id from feeds where external_feed_id = any(cast(:ids as text[]))")
_SEEN = text("""
update feeds set seen_since = case when seen_status is distinct from :status then :now else seen_since end,
                 seen_status = :status
where key = :key
returning seen_since
""")
_DOUBT = text("update feeds set state = 'doubtful' where key = :key")
_NOTE = text("""
update feed_lines l set outcome = n.outcome
from unnest(cast(:numbers as int[]), cast(:outcomes as text[])) as n (number, outcome)
where l.feed_key = :key and l.number = n.number and l.outcome is null
""")
_HOLD = text("""
with lines as (
    select p.sku from pushes p join feed_lines l using (sku)
    where l.feed_key = :key and l.outcome = 'unknown' order by p.sku for update of p
)
update pushes p set earlier_until = greatest(p.earlier_until, :until) from lines where p.sku = lines.sku
""")
_READ_AGAIN = text("""
with doubtful as (
    select r.sku from listings r join feed_lines l using (sku)
    where l.feed_key = :key and l.outcome = 'unknown' order by r.sku for update of r
)
update listings r set asks = r.asks + 1, next_read_at = coalesce(r.next_read_at, :at)
from doubtful d where r.sku = d.sku
""")
_CLOSE = text("update feeds set closed_at = :now, fate = :fate where key = :key and closed_at is null")
_FORGET = text("delete from feeds where closed_at < :before")
_FIGURES = text("""
select count(*) filter (where state <> 'doubtful') as unfinished,
       count(*) filter (where state = 'doubtful') as doubtful,
       (select count(*) from feed_lines l join feeds f on f.key = l.feed_key
        where f.closed_at is null and l.outcome is null) as lines
from feeds where closed_at is null
""")


class FeedState(enum.StrEnum):
    """How far a feed has got here.

    PREPARED: its lines are taken, and nothing of it can be carried out yet. SUBMITTING: nobody knows whether it was
    submitted. DOUBTFUL: its lines were told to be unknown, and it is watched until it has ended.
    """

    PREPARED = "prepared"
    SUBMITTING = "submitting"
    OPEN = "open"
    DOUBTFUL = "doubtful"


@dc.dataclass(frozen=True, slots=True)
class Feed:
    key: str
    state: FeedState
    opened_at: dt.datetime
    submitted_at: dt.datetime | None
    external_feed_id: str | None
    seen_status: FeedStatus | None
    seen_since: dt.datetime | None


@dc.dataclass(frozen=True, slots=True)
class Line:
    """A revision that goes by feed."""

    number: int
    push: Push

    @property
    def content(self) -> FeedLine:
        return FeedLine(self.number, self.push.external_sku, self.push.quantity)


@dc.dataclass(frozen=True, slots=True)
class FeedFigures:
    """`lines` have no outcome yet."""

    unfinished: int
    doubtful: int
    lines: int


async def backlog(connection: AsyncConnection, now: dt.datetime, *, registered_only: bool = False) -> Backlog:
    values = {"now": now, "increase": URGENCIES[Urgency.INCREASE], "registered_only": registered_only}
    result = await connection.execute(_BACKLOG, values)
    return Backlog(*result.one())


async def open_feed(
    connection: AsyncConnection, key: str, most: int, now: dt.datetime, *, registered_only: bool = False
) -> int:
    """Take raises into a new feed, those of the lowest quantity first. How many there were; without any, no feed."""
    await connection.execute(_OPEN, {"key": key, "now": now})
    values = {
        "key": key,
        "most": most,
        "now": now,
        "increase": URGENCIES[Urgency.INCREASE],
        "registered_only": registered_only,
    }
    taken = (await connection.execute(_TAKE, values)).rowcount
    if not taken:
        await connection.execute(_CLOSE, {"key": key, "now": now, "fate": Fate.GIVEN_BACK})
    return int(taken)


async def last(connection: AsyncConnection) -> LastFeed | None:
    row = (await connection.execute(_LAST)).one_or_none()
    return LastFeed(row.opened_at, row.closed_at, Fate(row.fate) if row.fate else None) if row else None


async def unfinished(connection: AsyncConnection) -> Feed | None:
    """The feed that is not closed: there is one at a time."""
    row = (await connection.execute(_UNFINISHED)).one_or_none()
    if row is None:
        return None
    key, state, opened_at, submitted_at, feed_id, status, since = row
    return Feed(key, FeedState(state), opened_at, submitted_at, feed_id, FeedStatus(status) if status else None, since)


async def lines(
    connection: AsyncConnection, key: str, most: int, *, after: int = 0, only_overtaken: bool = False
) -> list[Line]:
    """Lines without an outcome, by number. `only_overtaken`: those that a newer revision has come for."""
    values = {"key": key, "most": most, "after": after, "overtaken": only_overtaken}
    return [
        Line(
            row.number,
            Push(
                sku=row.sku,
                revision=row.revision,
                external_sku=row.external_sku,
                quantity=row.quantity,
                attempts=row.attempts,
                failures=0,
                reached=False,
                submitted_at=row.submitted_at,
                cause_event_id=row.cause_event_id,
                cause_correlation_id=row.cause_correlation_id,
                cause_traceparent=row.cause_traceparent,
            ),
        )
        for row in await connection.execute(_LINES, values)
    ]


async def begin_submission(connection: AsyncConnection, key: str, document_id: str, now: dt.datetime) -> bool:
    """Note that it is about to be submitted; False if somebody else has got further with it."""
    values = {"key": key, "document_id": document_id, "now": now}
    return (await connection.execute(_SUBMITTING, values)).rowcount == 1


async def undo_submission(connection: AsyncConnection, key: str) -> None:
    """It provably was not submitted."""
    await connection.execute(_NOT_SUBMITTED, {"key": key})


async def note_submitted(connection: AsyncConnection, key: str, feed_id: str) -> None:
    await connection.execute(_SUBMITTED, {"key": key, "feed_id": feed_id})


async def known_ids(connection: AsyncConnection, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are of feeds known here."""
    return set((await connection.execute(_KNOWN, {"ids": list(ids)})).scalars())


async def note_seen(connection: AsyncConnection, key: str, status: FeedStatus, now: dt.datetime) -> dt.datetime:
    """Since when it has been seen in this status."""
    seen: dt.datetime = (await connection.execute(_SEEN, {"key": key, "status": status, "now": now})).scalar_one()
    return seen


async def doubt(connection: AsyncConnection, key: str) -> None:
    await connection.execute(_DOUBT, {"key": key})


async def note_outcomes(connection: AsyncConnection, key: str, outcomes: Sequence[tuple[Line, Outcome]]) -> None:
    values = {
        "key": key,
        "numbers": [line.number for line, _ in outcomes],
        "outcomes": [outcome.value for _, outcome in outcomes],
    }
    await connection.execute(_NOTE, values)


async def hold(connection: AsyncConnection, key: str, until: dt.datetime) -> None:
    """Let nothing that is written to its unknown lines' listings count as live before."""
    await connection.execute(_HOLD, {"key": key, "until": until})


async def ask_readings(connection: AsyncConnection, key: str, at: dt.datetime) -> None:
    """Have the listings of its unknown lines read then."""
    await connection.execute(_READ_AGAIN, {"key": key, "at": at})


async def close(connection: AsyncConnection, key: str, fate: Fate, now: dt.datetime) -> None:
    await connection.execute(_CLOSE, {"key": key, "fate": fate, "now": now})


async def forget(connection: AsyncConnection, before: dt.datetime) -> None:
    """Delete what was closed before, with its lines."""
    await connection.execute(_FORGET, {"before": before})


async def figures(connection: AsyncConnection) -> FeedFigures:
    return FeedFigures(*(await connection.execute(_FIGURES)).one())
