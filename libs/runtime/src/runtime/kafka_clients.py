"""Starting and stopping what aiokafka offers, so that no connection is left open."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

_END_SECONDS = 2.0


@contextlib.asynccontextmanager
async def running(client: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - aiokafka is untyped
    """A consumer, a producer or an admin client, stopped at the end."""
    try:
        await start(client)
        yield client
    finally:
        await stop(client)


async def start(client: Any) -> None:  # noqa: ANN401 - see above
    """Start `client`. Stop it afterwards, also where this raises."""
    await _to_its_end(client.start())


async def stop(client: Any) -> None:  # noqa: ANN401 - see above
    await _to_its_end(client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())


async def _to_its_end(doing: Coroutine[Any, Any, None]) -> None:
    """Whoever is cancelled here gives it a moment to end.

    When aiokafka is cancelled while it opens its first connection, or closes its last, nobody closes that any more.
    """
    task = asyncio.create_task(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_END_SECONDS)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody asks any more; asyncio would complain
        raise
