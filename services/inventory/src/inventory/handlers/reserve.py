"""Reservations: granted at once where units can be had, else once a marketplace has been lowered for them."""

import dataclasses as dc
import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Mapping

from contracts import ReservationStatus
from runtime.work import Work

from inventory.adapters import reservations
from inventory.adapters.reservations import Line, Reservation
from inventory.domain.planning import settle
from inventory.domain.reserving import attainable, grant, grantable, release
from inventory.domain.stock import Item
from inventory.domain.terms import Terms
from inventory.handlers.retarget import Retarget, retargeting
from inventory.ports import Book

_ENDED = {ReservationStatus.REFUSED, ReservationStatus.RELEASED, ReservationStatus.EXPIRED, ReservationStatus.CONSUMED}


class UnknownSkusError(Exception):
    """No such products; the message names them."""


class Reserve:
    """All lines of a reservation are granted or none, and the oldest reservation of a SKU comes first."""

    def __init__(self, open_book: Callable[[Work], Book], terms: Terms, retarget: Retarget) -> None:
        self._open_book = open_book
        self._terms = terms
        self._retarget = retarget

    @property
    def storefront(self) -> str:
        return self._terms.storefront

    async def ask(self, wanted: Mapping[str, int], ttl: dt.timedelta, wait: dt.timedelta, work: Work) -> Reservation:
        """`wanted`: units by SKU. Granted, waiting (if `wait` allows), or refused.

        Raises:
            UnknownSkusError: a SKU is no product.
        """
        book = self._open_book(work)
        items = await book.lock(sorted(wanted))
        if missing := sorted(wanted.keys() - items.keys()):
            raise UnknownSkusError(f"no product {', '.join(map(repr, missing))}: publish its product.changed first")
        items = await self._settled(items, book, work)
        status = self._first_status(items, wanted, can_wait=wait > dt.timedelta())
        reservation = Reservation(
            id=str(uuid.uuid4()),
            status=status,
            ttl_seconds=int(ttl.total_seconds()),
            created_at=work.now,
            wait_until=work.now + wait,
            lines=tuple(Line(sku, units, units) for sku, units in sorted(wanted.items())),
            expires_at=work.now + ttl if status is ReservationStatus.GRANTED else None,
        )
        await reservations.insert(work.connection, reservation, work.now if status in _ENDED else None)
        if status is ReservationStatus.GRANTED:
            items = {sku: grant(items[sku], units, self._terms.storefront) for sku, units in wanted.items()}
        elif status is ReservationStatus.WAITING:
            items = {sku: dc.replace(i, waiting=i.waiting + wanted[sku]) for sku, i in items.items()}
        await self._keep(items, book, work)
        reservations.tell(reservation, work)
        return reservation

    def _first_status(
        self, items: Mapping[str, Item], wanted: Mapping[str, int], *, can_wait: bool
    ) -> ReservationStatus:
        storefront = self._terms.storefront
        if all(grantable(items[sku], storefront) - items[sku].waiting >= units for sku, units in wanted.items()):
            return ReservationStatus.GRANTED
        if can_wait and all(attainable(items[sku]) >= units for sku, units in wanted.items()):
            return ReservationStatus.WAITING
        return ReservationStatus.REFUSED

    async def serve(self, reservation_id: str, ahead: Counter[str], work: Work) -> None:
        """Grant one that waits, or refuse it. `ahead`: units by SKU that older ones wait for; it is added to."""
        found = await reservations.read(work.connection, [reservation_id])
        book = self._open_book(work)
        items = await self._settled(await book.lock(found[0].skus), book, work)
        reservation = (await reservations.lock(work.connection, [reservation_id]))[0]
        if reservation.status is not ReservationStatus.WAITING:
            return
        storefront = self._terms.storefront
        wanted = {line.sku: line.quantity for line in reservation.lines}
        if all(grantable(items[sku], storefront) - ahead[sku] >= units for sku, units in wanted.items()):
            expires_at = work.now + dt.timedelta(seconds=reservation.ttl_seconds)
            reservation = dc.replace(reservation, status=ReservationStatus.GRANTED, expires_at=expires_at)
            items = {sku: grant(item, wanted[sku], storefront) for sku, item in items.items()}
        elif work.now < reservation.wait_until and all(
            items[sku].available - ahead[sku] >= units for sku, units in wanted.items()
        ):
            ahead.update(wanted)
            return
        else:
            reservation = dc.replace(reservation, status=ReservationStatus.REFUSED)
        items = {sku: dc.replace(item, waiting=item.waiting - wanted[sku]) for sku, item in items.items()}
        await self._finish(reservation, items, book, work)

    async def end(self, reservation_id: str, status: ReservationStatus, work: Work) -> Reservation | None:
        """Release it, or let it expire; None if there is none. One that has ended already stays as it is."""
        found = await reservations.read(work.connection, [reservation_id])
        if not found:
            return None
        book = self._open_book(work)
        items = await book.lock(found[0].skus)
        reservation = (await reservations.lock(work.connection, [reservation_id]))[0]
        if reservation.status in _ENDED:
            return reservation
        if reservation.status is ReservationStatus.WAITING:
            freed = {line.sku: line.quantity for line in reservation.lines}
            items = {sku: dc.replace(item, waiting=item.waiting - freed[sku]) for sku, item in items.items()}
        else:
            freed = {line.sku: line.open_units for line in reservation.lines}
            items = {sku: release(item, freed[sku]) for sku, item in items.items()}
        reservation = dc.replace(reservation, status=status)
        await self._finish(reservation, items, book, work)
        return reservation

    async def _finish(self, reservation: Reservation, items: Mapping[str, Item], book: Book, work: Work) -> None:
        ended_at = work.now if reservation.status in _ENDED else None
        await reservations.change(work.connection, reservation, ended_at)
        await self._keep(items, book, work)
        reservations.tell(reservation, work)

    async def _keep(self, items: Mapping[str, Item], book: Book, work: Work) -> None:
        await self._retarget([items[sku] for sku in sorted(items)], book, work)

    async def _settled(self, items: Mapping[str, Item], book: Book, work: Work) -> dict[str, Item]:
        """With what has become free until now."""
        known_until = await book.known_until()
        return {sku: settle(item, self._terms, known_until, work.now) for sku, item in items.items()}


def reserving(open_book: Callable[[Work], Book], terms: Terms | None) -> Reserve | None:
    """None where the storefront only reports its sales."""
    return Reserve(open_book, terms, retargeting(terms)) if terms and terms.reclaim else None
