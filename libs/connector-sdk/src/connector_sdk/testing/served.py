"""An application served inside this process, over real HTTP on a free port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from runtime.web import WebServer


@contextlib.asynccontextmanager
async def serve(app: FastAPI) -> AsyncIterator[str]:
    """Its URL; callers queue until it answers. It is stopped afterwards."""
    server = WebServer(app, "127.0.0.1", 0)
    running = asyncio.create_task(server.run(), name="served")
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        await running
        server.close()
