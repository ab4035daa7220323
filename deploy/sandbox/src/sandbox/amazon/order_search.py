"""A searchOrders request: its window, its filters, and the place in it that a page token stands for.

Pages go by (time, order number) and not by position, so an order that is touched while someone pages moves no other
order across a page's edge. A search by last update may omit such an order, as Amazon's does.
"""

import base64
import bisect
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sandbox.amazon.order_data import DATA_SETS
from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import Query, invalid_input
from sandbox.clock import MILLISECOND, in_milliseconds, iso
from sandbox.store import Order

STATUSES = (
    *("PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"),
)
LARGEST_PAGE = 100
MOST_MARKETPLACES = 50

SearchBy = Literal["created", "lastUpdated"]
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Orders, what the page before ended with, and the token of the next page if there is one."""

    orders: list[Order]
    previous: Order | None
    next_token: str | None


@dataclass(frozen=True)
class Search:
    """A search that was understood. `before` is the upper bound in effect, `start` what the pages so far ended with."""

    by: SearchBy
    after: datetime
    before: datetime
    statuses: frozenset[str]
    here: bool
    data_sets: frozenset[str]
    page_size: int
    fingerprint: str
    start: Place | None

    def page(self, orders: Iterable[Order]) -> Page:
        """Pick this page's orders, oldest first."""
        found = sorted((order for order in orders if self._matches(order)), key=self._place)
        begin = 0 if self.start is None else bisect.bisect_right(found, self.start, key=self._place)
        page, rest = found[begin : begin + self.page_size], found[begin + self.page_size :]
        return Page(page, found[begin - 1] if begin else None, self._token(page[-1]) if rest else None)

    def _matches(self, order: Order) -> bool:
        return (
            self.here
            and self.after <= self._place(order)[0] <= self.before
            and (not self.statuses or order.status.upper() in self.statuses)
        )

    def _place(self, order: Order) -> Place:
        return (order.placed_at if self.by == "created" else order.updated_at, order.number)

    def _token(self, last: Order) -> str:
        moment, number = self._place(last)
        token = [self.fingerprint, iso(self.before), iso(moment), number]
        return base64.urlsafe_b64encode(json.dumps(token).encode()).decode()


def read_search(query: Query, now: datetime, delay: timedelta) -> Search:
    """Understand a query.

    Args:
        query: the request's parameters.
        now: the time, in whole milliseconds.
        delay: how far behind now a search must end.

    Raises:
        RefusedError: 400, with what is wrong.
    """
    by, after = _read_start(query)
    fingerprint = hashlib.sha256(repr(query.without("paginationToken")).encode()).hexdigest()[:16]
    token = query.one("paginationToken")
    if token is None:
        before, start = _read_before(query, by, after, now - delay), None
    else:
        before, start = _read_token(token, fingerprint)
    fulfilled_by = query.many("fulfilledBy", ("MERCHANT", "AMAZON"))
    return Search(
        by=by,
        after=after,
        before=before,
        statuses=frozenset(query.many("fulfillmentStatuses", STATUSES)),
        here=_names_egypt(query) and (not fulfilled_by or "MERCHANT" in fulfilled_by),
        data_sets=frozenset(query.many("includedData", DATA_SETS)),
        page_size=_read_page_size(query),
        fingerprint=fingerprint,
        start=start,
    )


def _read_start(query: Query) -> tuple[SearchBy, datetime]:
    created, updated = _read_time(query, "createdAfter"), _read_time(query, "lastUpdatedAfter")
    if created is not None and updated is None and query.one("lastUpdatedBefore") is None:
        return "created", created
    if updated is not None and created is None and query.one("createdBefore") is None:
        return "lastUpdated", updated
    raise invalid_input(
        "Provide exactly one of createdAfter and lastUpdatedAfter, and with it nothing of the other pair."
    )


def _read_time(query: Query, name: str) -> datetime | None:
    text = query.one(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid_input(f"{name} must be an ISO 8601 time with an offset, such as 2026-11-22T10:00:00Z.")
    return moment


def _read_before(query: Query, by: SearchBy, after: datetime, limit: datetime) -> datetime:
    """The bound in effect stays a millisecond short of the limit: within that one more orders may still come."""
    asked = _read_time(query, f"{by}Before")
    latest = limit - MILLISECOND
    if asked is None:
        return latest
    if asked < after or asked > limit:
        raise invalid_input(f"{by}Before must be between {by}After and {iso(limit)}, the latest that is known.")
    return min(in_milliseconds(asked), latest)


def _read_token(token: str, fingerprint: str) -> tuple[datetime, Place]:
    try:
        of, before, moment, number = json.loads(base64.urlsafe_b64decode(token))
        place = (datetime.fromisoformat(before), (datetime.fromisoformat(moment), int(number)))
    except (ValueError, TypeError) as error:
        raise invalid_input("paginationToken cannot be read.") from error
    if of != fingerprint:
        raise invalid_input("Send paginationToken with the same other parameters as on the first page.")
    return place


def _read_page_size(query: Query) -> int:
    text = query.one("maxResultsPerPage") or str(LARGEST_PAGE)
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise invalid_input(f"maxResultsPerPage must be between 1 and {LARGEST_PAGE}.")
    return int(text)


def _names_egypt(query: Query) -> bool:
    ids = query.many("marketplaceIds")
    if len(ids) > MOST_MARKETPLACES:
        raise invalid_input(f"marketplaceIds takes at most {MOST_MARKETPLACES}.")
    return not ids or MARKETPLACE_ID in ids
