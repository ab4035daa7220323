"""What a marketplace makes by itself ends some time: told that it has, whoever waits for it looks at it now."""

from collections.abc import Awaitable, Callable, Sequence

from runtime.loops import Loop
from runtime.work import Work
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.notifications.notification_queue import Notification

WaitedFor = Callable[[AsyncConnection], Awaitable[str | None]]
"""The marketplace's id of what is waited for now."""


async def look_now(loop: Loop, waited_for: WaitedFor, notifications: Sequence[Notification], work: Work) -> int:
    """Wake `loop` if one tells of what is waited for. How many did; what others wait for is ignored."""
    subject = await waited_for(work.connection)
    told = sum(subject is not None and each.subject == subject for each in notifications)
    if told:
        loop.wake()
    return told
