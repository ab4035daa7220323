"""Reservations in Postgres. Whoever changes one has locked its products before."""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping, Sequence

from contracts import ReservationChanged, ReservationStatus
from runtime.work import Work
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_INSERT = text("""
insert into reservations (id, status, ttl_seconds, created_at, wait_until, expires_at, ended_at)
values (:id, :status, :ttl_seconds, :created_at, :wait_until, :expires_at, :ended_at)
""")
_INSERT_LINES = text("""
insert into reservation_lines (reservation_id, sku, quantity, open_units)
select :id, sku, quantity, quantity from unnest(cast(:skus as text[]), cast(:quantities as int[])) as n (sku, quantity)
""")
_READ = text("""
select r.id, r.status, r.ttl_seconds, r.created_at, r.wait_until, r.expires_at, l.sku, l.quantity, l.open_units
from reservations r join reservation_lines l on l.reservation_id = r.id
where r.id = any(cast(:ids as text[])) order by r.created_at, r.id, l.sku
""")
_LOCK = text("select id from reservations where id = any(cast(:ids as text[])) order by id for update")
_WAITING = text("select id from reservations where status = 'waiting' order by created_at, id limit :most")
_UNITS = text("""
select sku, on_hand - reserved as available,
    greatest(0, on_hand - reserved - coalesce((select sum(cast(value as int)) from jsonb_each_text(bounds)), 0))
        + coalesce(cast(bounds ->> :storefront as int), 0)
        as grantable
from products where sku = any(cast(:skus as text[]))
""")
_EXPIRED = text("""
select id from reservations where status = 'granted' and expires_at <= :before order by expires_at limit :most
""")
_CHANGE = text("""
update reservations set status = :status, expires_at = :expires_at, ended_at = :ended_at where id = :id
""")
_CONSUME = text("""
update reservation_lines l set open_units = l.open_units - n.units
from unnest(cast(:ids as text[]), cast(:skus as text[]), cast(:units as int[])) as n (id, sku, units)
where l.reservation_id = n.id and l.sku = n.sku
""")
_FINISH = text("""
update reservations r set status = 'consumed', ended_at = :now
where r.id = any(cast(:ids as text[])) and r.status = 'granted'
    and not exists (select from reservation_lines l where l.reservation_id = r.id and l.open_units > 0)
""")


@dc.dataclass(frozen=True, slots=True)
class Line:
    """`open_units`: of those granted, what no sale has consumed yet."""

    sku: str
    quantity: int
    open_units: int


@dc.dataclass(frozen=True, slots=True)
class Reservation:
    """`wait_until`: it is refused if it can't be granted by then. `expires_at`: once it is granted."""

    id: str
    status: ReservationStatus
    ttl_seconds: int
    created_at: dt.datetime
    wait_until: dt.datetime
    lines: tuple[Line, ...]
    expires_at: dt.datetime | None = None

    @property
    def skus(self) -> list[str]:
        return sorted(line.sku for line in self.lines)


Claims = Mapping[tuple[str, str], int]
"""(reservation, SKU) -> units that a sale may still consume."""


async def insert(connection: AsyncConnection, reservation: Reservation, ended_at: dt.datetime | None) -> None:
    await connection.execute(
        _INSERT,
        {
            "id": reservation.id,
            "status": reservation.status.value,
            "ttl_seconds": reservation.ttl_seconds,
            "created_at": reservation.created_at,
            "wait_until": reservation.wait_until,
            "expires_at": reservation.expires_at,
            "ended_at": ended_at,
        },
    )
    lines = reservation.lines
    parameters = {"id": reservation.id, "skus": [x.sku for x in lines], "quantities": [x.quantity for x in lines]}
    await connection.execute(_INSERT_LINES, parameters)


async def read(connection: AsyncConnection, ids: Sequence[str]) -> list[Reservation]:
    """Those that exist, the oldest first."""
    found: dict[str, Reservation] = {}
    for row in await connection.execute(_READ, {"ids": list(ids)}):
        line = Line(row.sku, row.quantity, row.open_units)
        known = found.get(row.id)
        if known is None:
            status = ReservationStatus(row.status)
            found[row.id] = Reservation(
                row.id, status, row.ttl_seconds, row.created_at, row.wait_until, (line,), row.expires_at
            )
        else:
            found[row.id] = dc.replace(known, lines=(*known.lines, line))
    return list(found.values())


async def lock(connection: AsyncConnection, ids: Sequence[str]) -> list[Reservation]:
    """The same, locked, as they are now."""
    await connection.execute(_LOCK, {"ids": sorted(ids)})
    return await read(connection, ids)


async def waiting(connection: AsyncConnection, most: int) -> list[str]:
    """The ids of those that wait, the oldest first."""
    return list((await connection.execute(_WAITING, {"most": most})).scalars())


async def units(connection: AsyncConnection, skus: Sequence[str], storefront: str) -> dict[str, tuple[int, int]]:
    """By SKU, read without locks: the units that are available, and those of them that could be granted now."""
    rows = await connection.execute(_UNITS, {"skus": list(skus), "storefront": storefront})
    return {row.sku: (row.available, row.grantable) for row in rows}


async def expired(connection: AsyncConnection, before: dt.datetime, most: int) -> list[str]:
    """The ids of the granted ones whose time was up `before`."""
    return list((await connection.execute(_EXPIRED, {"before": before, "most": most})).scalars())


async def change(connection: AsyncConnection, reservation: Reservation, ended_at: dt.datetime | None) -> None:
    """Keep its status and when it expires."""
    await connection.execute(
        _CHANGE,
        {
            "id": reservation.id,
            "status": reservation.status.value,
            "expires_at": reservation.expires_at,
            "ended_at": ended_at,
        },
    )


async def claims(connection: AsyncConnection, ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """What sales that name these reservations may consume; only granted ones hold units."""
    return {
        (reservation.id, line.sku): line.open_units
        for reservation in await lock(connection, ids)
        if reservation.status is ReservationStatus.GRANTED
        for line in reservation.lines
    }


async def consume(connection: AsyncConnection, consumed: Claims, now: dt.datetime) -> list[Reservation]:
    """Take these units off; answers with the reservations as they are then."""
    keys = sorted(consumed)
    ids = sorted({reservation_id for reservation_id, _ in keys})
    parameters = {
        "ids": [reservation_id for reservation_id, _ in keys],
        "skus": [sku for _, sku in keys],
        "units": [consumed[key] for key in keys],
    }
    await connection.execute(_CONSUME, parameters)
    await connection.execute(_FINISH, {"ids": ids, "now": now})
    return await read(connection, ids)


def tell(reservation: Reservation, work: Work) -> None:
    """One event for each of its SKUs."""
    for line in reservation.lines:
        work.publish(
            ReservationChanged(
                reservation_id=reservation.id,
                sku=line.sku,
                quantity=line.quantity,
                status=reservation.status,
                expires_at=reservation.expires_at,
            )
        )


def tell_consumed(changed: Sequence[Reservation], work: Work) -> None:
    """Those of `changed` whose last unit is sold."""
    for reservation in changed:
        if reservation.status is ReservationStatus.CONSUMED:
            tell(reservation, work)
