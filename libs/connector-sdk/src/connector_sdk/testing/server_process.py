"""A server started as a process of its own, on a free port."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping

from connector_sdk.testing.waiting import eventually

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


@contextlib.asynccontextmanager
async def run_server(module: str, environment: Mapping[str, str], *, kills: bool = False) -> AsyncIterator[str]:
    """Run `python -m module` with PORT set; its URL, once it listens. It is stopped afterwards, or killed.

    Raises:
        RuntimeError: the process ended instead, or could not be stopped in good order.
    """
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env={**os.environ, **environment, "PORT": str(port), "HOST": "127.0.0.1"}
    )

    async def listens() -> bool:
        if process.returncode is not None:
            raise RuntimeError(f"{module} ended with code {process.returncode} before it listened")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    try:
        await eventually(listens, within_seconds=_START_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        if kills:
            process.kill()
        code = await _stop(process)
    if code and not kills:
        raise RuntimeError(f"{module} ended with code {code}")


async def _stop(process: asyncio.subprocess.Process) -> int:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
