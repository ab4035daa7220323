"""The port of a marketplace's notifications: a queue that delivers at least once, late, and in any order."""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Sequence
from typing import Protocol


class Topic(enum.StrEnum):
    """What a notification is about. `other`: understood, but not about our stock, our account or our marketplace."""

    ORDER = "order"
    LISTING = "listing"
    FEED = "feed"
    REPORT = "report"
    OTHER = "other"


@dc.dataclass(frozen=True, slots=True)
class Notification:
    """One message that was understood.

    `receipt` is what the queue wants to delete it, `subject` the order's, listing's, feed's or report's id there.
    `placed_at`: when an order was placed, where the message says so.
    """

    notification_id: str
    receipt: str
    topic: Topic
    subject: str = ""
    placed_at: dt.datetime | None = None


@dc.dataclass(frozen=True, slots=True)
class UnreadableMessage:
    """One that was not understood. `message_id` is the queue's own; `reason` is one line without personal data."""

    message_id: str
    receipt: str
    reason: str
    body: str


@dc.dataclass(frozen=True, slots=True)
class Batch:
    """What one reading of the queue brought."""

    notifications: Sequence[Notification] = ()
    unreadable: Sequence[UnreadableMessage] = ()

    @property
    def receipts(self) -> list[str]:
        understood = [each.receipt for each in self.notifications]
        return understood + [each.receipt for each in self.unreadable]


class QueueError(Exception):
    """The queue can't be used at present. The message is one line that says what to look at, without secrets."""


class NotificationQueue(Protocol):
    """A message that was received comes again after a while unless it is deleted."""

    async def receive(self) -> Batch:
        """Wait a while for messages, and return what came.

        Raises:
            QueueError: the queue is away or refuses us.
        """
        ...

    async def delete(self, receipts: Sequence[str]) -> int:
        """Delete messages that are done with. Returns how many could not be deleted: those come again.

        Raises:
            QueueError: the queue is away or refuses us.
        """
        ...

    async def close(self) -> None:
        """Give back what was opened; the queue opens itself again when it is used."""
        ...
