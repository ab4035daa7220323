"""Waiting in tests: for a condition, never for a time."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(is_so: Callable[[], Awaitable[bool]], *, within_seconds: float = 20.0) -> None:
    """Return once the condition holds.

    Raises:
        TimeoutError: it did not in time.
    """
    async with asyncio.timeout(within_seconds):
        while not await is_so():  # noqa: ASYNC110 - what is waited for happens outside this process
            await asyncio.sleep(0.01)
