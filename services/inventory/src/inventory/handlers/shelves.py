"""What movements do to the bounds of their channels, and the incidents that they tell of."""

from runtime.logs import get_logger
from runtime.metrics import INCIDENTS
from runtime.work import Work

from inventory.domain import escrow, incidents
from inventory.domain.bounds import move_bound
from inventory.domain.incidents import Incident
from inventory.domain.stock import Item, LogEntry
from inventory.domain.terms import Terms
from inventory.ports import Book

_log = get_logger(__name__)


class Shelves:
    """Of one batch: moves the bounds entry by entry and remembers what went against the rules."""

    def __init__(self, terms: Terms, work: Work) -> None:
        self._terms = terms
        self._work = work
        self._incidents: list[Incident] = []

    def move(self, before: Item, after: Item, entry: LogEntry) -> Item:
        """`after` as the ledger left it; answers with its bounds moved too."""
        after, uncovered = move_bound(after, entry.movement, self._terms, self._work.now)
        after = escrow.overcommit(after)
        incident = incidents.of_movement(before, after, entry, uncovered, self._terms.storefront)
        if incident is not None:
            self._incidents.append(incident)
        return after

    def note(self, incident: Incident) -> None:
        self._incidents.append(incident)

    async def tell_incidents(self, book: Book) -> None:
        """Keep, count and log them; to be followed by saving their items."""
        if not self._incidents:
            return
        await book.raise_incidents(self._incidents, self._work.now)
        for incident in self._incidents:
            _log.warning(
                "incident",
                cause=incident.cause,
                sku=incident.sku,
                channel=incident.channel,
                units=incident.units,
                event_id=incident.event_id,
            )
            self._work.count(INCIDENTS, channel=incident.channel or "none", cause=incident.cause)
