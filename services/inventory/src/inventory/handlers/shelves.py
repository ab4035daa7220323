"""What movements do to the bounds of their channels, and the incidents that they tell of."""

from collections import Counter
from collections.abc import Mapping

from runtime.work import Work

from inventory.domain import escrow, incidents
from inventory.domain.bounds import move_bound
from inventory.domain.incidents import Incident
from inventory.domain.reserving import release
from inventory.domain.stock import Item, LogEntry, Reason
from inventory.domain.terms import Terms
from inventory.handlers.telling import tell_incident
from inventory.ports import Book


class Shelves:
    """Of one batch: moves the bounds entry by entry and remembers what went against the rules."""

    def __init__(self, terms: Terms, work: Work, claims: Mapping[tuple[str, str], int] | None = None) -> None:
        """`claims`: the units of (reservation, SKU) that a sale may consume."""
        self._claims = dict(claims or {})
        self.consumed: Counter[tuple[str, str]] = Counter()
        self._terms = terms
        self._work = work
        self._incidents: list[Incident] = []

    def move(self, before: Item, after: Item, entry: LogEntry) -> Item:
        """`after` as the ledger left it; answers with its bounds moved too."""
        after, reserved = self._consume(after, entry)
        unreserved = abs(entry.movement.change or 0) - reserved if entry.movement.reservation_id else 0
        after, uncovered = move_bound(after, entry.movement, self._terms, self._work.now, reserved)
        after = escrow.overcommit(after)
        incident = incidents.of_movement(before, after, entry, uncovered, self._terms.storefront, unreserved)
        if incident is not None:
            self._incidents.append(incident)
        return after

    def _consume(self, item: Item, entry: LogEntry) -> tuple[Item, int]:
        """A sale that names its reservation takes reserved units: available and the bounds stay as they are."""
        movement = entry.movement
        if movement.reservation_id is None or movement.reason is not Reason.SALE:
            return item, 0
        claim = (movement.reservation_id, movement.sku)
        units = min(self._claims.get(claim, 0), abs(movement.change or 0))
        if units:
            self._claims[claim] -= units
            self.consumed[claim] += units
        return release(item, units), units

    def note(self, incident: Incident) -> None:
        self._incidents.append(incident)

    async def tell_incidents(self, book: Book) -> None:
        """Keep, count and log them; to be followed by saving their items."""
        if not self._incidents:
            return
        await book.raise_incidents(self._incidents, self._work.now)
        for incident in self._incidents:
            tell_incident(incident, self._work)
