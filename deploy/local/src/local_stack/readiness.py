"""Asks a program whether it is ready."""

import asyncio

import httpx

from local_stack.ports import HOST

_ANSWER_TIMEOUT_S = 2.0


async def is_ready(port: int, ready_url: str | None) -> bool:
    """Whether a program answers its ready URL with 2xx or, where it has none, accepts a connection on its port."""
    if ready_url is None:
        return await accepts_connections(port)
    # trust_env off: a proxy named in the environment must not be asked about this machine.
    async with httpx.AsyncClient(timeout=_ANSWER_TIMEOUT_S, trust_env=False) as client:
        try:
            answer = await client.get(ready_url)
        except httpx.HTTPError:
            return False
    return answer.is_success


async def accepts_connections(port: int) -> bool:
    """Whether something listens on `port` of this machine."""
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            _, writer = await asyncio.open_connection(HOST, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return False
    return True
