"""A queue of notifications in memory, as forgetful as a real one: what is not deleted comes again."""

from collections.abc import Sequence

from connector_sdk.notifications.notification_queue import Batch, Notification, QueueError, Topic, UnreadableMessage


class FakeQueue:
    """Every reading hands out all that is there and returns at once."""

    def __init__(self) -> None:
        self.messages: dict[str, Notification | UnreadableMessage] = {}
        """By receipt."""
        self.receive_error: QueueError | None = None
        self.delete_error: QueueError | None = None
        self.is_closed = False
        self._sent = 0

    def tell(self, notification_id: str, subject: str, topic: Topic = Topic.ORDER) -> None:
        """A notification with a receipt of its own; the same id may be told twice."""
        receipt = self._receipt()
        self.messages[receipt] = Notification(notification_id, receipt, topic, subject)

    def garble(self, message_id: str, body: str) -> None:
        """A message that nobody understands."""
        receipt = self._receipt()
        self.messages[receipt] = UnreadableMessage(message_id, receipt, "it is no JSON", body)

    async def receive(self) -> Batch:
        if self.receive_error:
            raise self.receive_error
        found = [*self.messages.values()]
        return Batch(
            [each for each in found if isinstance(each, Notification)],
            [each for each in found if isinstance(each, UnreadableMessage)],
        )

    async def delete(self, receipts: Sequence[str]) -> int:
        if self.delete_error:
            raise self.delete_error
        for receipt in receipts:
            del self.messages[receipt]
        return 0

    async def close(self) -> None:
        self.is_closed = True

    def _receipt(self) -> str:
        self._sent += 1
        return f"receipt-{self._sent}"
