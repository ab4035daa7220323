"""The dead-letter fuse: stops a consumer that can use nothing before it empties the topic into the dead letters.

The idea is that of DlqLimit in Sentry's arroyo.
"""

from collections import Counter
from collections.abc import Iterable

Outcome = tuple[str, bool]
"""The topic of a record, and whether it became a dead letter."""


class FuseBlownError(Exception):
    """The fuse has blown. The first `kept` of the records given are done, nothing of the others was kept."""

    def __init__(self, topic: str, limit: int, *, kept: int) -> None:
        super().__init__(f"{limit} records of {topic} in a row became dead letters")
        self.topic = topic
        self.limit = limit
        self.kept = kept

    def behind(self, before: int) -> "FuseBlownError":
        """The same, seen from a longer run of records: `before` others were done first."""
        return FuseBlownError(self.topic, self.limit, kept=before + self.kept)


class DeadLetterFuse:
    """Counts, per topic, the dead letters since the last good record. Only counts: others stop and wait.

    It lives as long as its process, so each process may write up to `limit` dead letters before it stops.
    """

    def __init__(self, limit: int) -> None:
        """`limit`: how many in a row are let through; 0 lets all through."""
        self._limit = limit
        self._in_a_row: Counter[str] = Counter()

    def demand(self, outcomes: Iterable[Outcome]) -> None:
        """Ask, before it is committed, whether all this may be kept. It is not counted yet.

        Raises:
            FuseBlownError: it would be one dead letter too many.
        """
        if not self._limit:
            return
        counted = self._in_a_row.copy()
        for number, (topic, is_dead) in enumerate(outcomes):
            counted[topic] = counted[topic] + 1 if is_dead else 0
            if counted[topic] > self._limit:
                raise FuseBlownError(topic, self._limit, kept=number)

    def count(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what was committed."""
        for topic, is_dead in outcomes:
            self._in_a_row[topic] = self._in_a_row[topic] + 1 if is_dead else 0
