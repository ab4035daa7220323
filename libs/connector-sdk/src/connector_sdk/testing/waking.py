"""Whether a notification has what it tells of looked at."""

import asyncio

from runtime.loops import Loop

from connector_sdk.notifications.notification_queue import Notification, Topic
from connector_sdk.notifications.wake_up import WaitedFor, look_now
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.waiting import eventually


async def counted_until_woken(
    database: ConnectorDatabase, topic: Topic, waited_for: WaitedFor, subject: str
) -> tuple[int, int]:
    """A loop that has nothing to do for an hour is told of another subject, then of `subject` too: it goes round again.

    How many of the notifications were of what is waited for, each time.
    """
    rounds: list[int] = []

    async def step() -> float:
        rounds.append(len(rounds))
        return 3600

    async def are(count: int) -> bool:
        return len(rounds) == count

    loop = Loop("waiting", step)
    told = [Notification("1", "receipt", topic, each) for each in ("another", subject)]
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await eventually(lambda: are(1))
        async with database.worker.begin() as work:
            counts = (
                await look_now(loop, waited_for, told[:1], work),
                await look_now(loop, waited_for, told, work),
            )
        await eventually(lambda: are(2))
        loop.stop()
    return counts
