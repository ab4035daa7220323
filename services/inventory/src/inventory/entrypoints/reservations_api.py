"""Reservations over HTTP, for a storefront that asks before it sells."""

import datetime as dt
from typing import Annotated

from contracts import ReservationStatus
from contracts.types import Sku
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.problems import InvalidRequestError, ProblemError
from runtime.work import Worker

from inventory.adapters.reservations import Reservation
from inventory.entrypoints.reservation_watch import ReservationWatch
from inventory.handlers.reserve import Reserve, UnknownSkusError

_LONGEST_WAIT = 60

Wait = Annotated[float, Query(ge=0, le=_LONGEST_WAIT, description="seconds to wait for a change while it is waiting")]


class LineBody(BaseModel):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100_000)]


class ReservationBody(BaseModel):
    """`ttl_seconds`: how long the units stay reserved. `wait_seconds`: how long the buyer would wait for them."""

    lines: Annotated[list[LineBody], Field(min_length=1, max_length=100)]
    ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 0


class ReservationView(BaseModel):
    reservation_id: str
    status: ReservationStatus
    lines: list[LineBody]
    created_at: dt.datetime
    wait_until: dt.datetime
    expires_at: dt.datetime | None


def reservations_router(worker: Worker, reserve: Reserve | None) -> APIRouter:
    """Without `reserve` the storefront only reports its sales, and every call is answered 409."""
    api = APIRouter(prefix="/v1/reservations")
    watch = ReservationWatch(worker)

    @api.post("", status_code=201)
    @needs(Scope.RESERVATIONS_WRITE)
    async def post_reservation(body: ReservationBody) -> ReservationView:
        """All lines are granted or none; `waiting` means that a marketplace is being lowered for them."""
        wanted = _wanted(body)
        ttl, wait = dt.timedelta(seconds=body.ttl_seconds), dt.timedelta(seconds=body.wait_seconds)
        try:
            async with worker.begin() as work:
                return _view(await _mode(reserve).ask(wanted, ttl, wait, work))
        except UnknownSkusError as error:
            raise HTTPException(404, str(error)) from None

    @api.get("/{reservation_id}")
    @needs(Scope.RESERVATIONS_WRITE)
    async def get_reservation(reservation_id: str, wait: Wait = 0) -> ReservationView:
        """As it is; with `wait`, as soon as it no longer waits."""
        _mode(reserve)
        return _view(_found(await watch.wait(reservation_id, wait), reservation_id))

    @api.delete("/{reservation_id}")
    @needs(Scope.RESERVATIONS_WRITE)
    async def delete_reservation(reservation_id: str) -> ReservationView:
        """Give the units back; one that has ended already stays as it is."""
        async with worker.begin() as work:
            ended = await _mode(reserve).end(reservation_id, ReservationStatus.RELEASED, work)
        return _view(_found(ended, reservation_id))

    return api


def _found(reservation: Reservation | None, reservation_id: str) -> Reservation:
    if reservation is None:
        raise HTTPException(404, f"no reservation {reservation_id!r}")
    return reservation


def _mode(reserve: Reserve | None) -> Reserve:
    if reserve is None:
        detail = "the storefront reports its sales and asks for nothing here: set STOREFRONT_MODE=reserve to reserve"
        raise ProblemError(409, "storefront-mode", detail)
    return reserve


def _wanted(body: ReservationBody) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for index, line in enumerate(body.lines):
        if line.sku in wanted:
            raise InvalidRequestError([(f"body.lines[{index}].sku", f"{line.sku!r} is named twice: add it up")])
        wanted[line.sku] = line.quantity
    return wanted


def _view(reservation: Reservation) -> ReservationView:
    return ReservationView(
        reservation_id=reservation.id,
        status=reservation.status,
        lines=[LineBody(sku=line.sku, quantity=line.quantity) for line in reservation.lines],
        created_at=reservation.created_at,
        wait_until=reservation.wait_until,
        expires_at=reservation.expires_at,
    )
