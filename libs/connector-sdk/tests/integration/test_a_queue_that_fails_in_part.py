"""A queue that can be read and not be deleted from, and one that somebody else reads now."""

import pytest
from connector_sdk.leader import Leader
from connector_sdk.notifications.notification_queue import QueueError, Topic
from connector_sdk.notifications.notification_reader import NotificationReader
from connector_sdk.notifications.plugging import note_orders
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_queue import FakeQueue
from runtime.metrics import NOTIFICATIONS_FAILING

pytestmark = pytest.mark.integration


def _reader(queue: FakeQueue, database: ConnectorDatabase, leader: Leader) -> NotificationReader:
    return NotificationReader(queue, database.worker, leader, {Topic.ORDER: note_orders})


def _is_failing(database: ConnectorDatabase) -> bool:
    return bool(database.telemetry.measurements.value(NOTIFICATIONS_FAILING))


async def test_an_empty_queue_does_not_hide_that_nothing_can_be_deleted(database: ConnectorDatabase) -> None:
    queue, leader = FakeQueue(), database.leader()
    reader = _reader(queue, database, leader)
    for number in range(3):
        queue.tell(f"n-{number}", "1")
        queue.delete_error = QueueError("SQS refuses us (AccessDenied)")
        await reader.step()
        queue.messages.clear()  # nobody sees them for a while
        await reader.step()
    assert _is_failing(database)
    assert "AccessDenied" in (await reader.check()).detail

    queue.delete_error = None
    queue.tell("n-3", "1")
    await reader.step()
    assert not _is_failing(database)
    await leader.close()


async def test_a_replica_that_leads_no_more_says_nothing_of_the_queue(database: ConnectorDatabase) -> None:
    queue, leader, other = FakeQueue(), database.leader(), database.leader()
    reader = _reader(queue, database, leader)
    queue.receive_error = QueueError("SQS can't be reached")
    for _ in range(3):
        await reader.step()
    assert _is_failing(database)

    await leader.close()
    assert await other.lead() is not None
    await reader.step()
    assert not _is_failing(database)
    await other.close()
    await leader.close()
