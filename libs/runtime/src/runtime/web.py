"""Serving the app on a socket, ended by us and not by uvicorn's own signal handlers."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the service, which has more to stop than this server."""
        yield


class WebServer:
    """Binds at once, so that a taken port is known before anything else starts."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        """Bind; port 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        self._socket = socket.create_server((host, port), backlog=512)
        # Inherited by each connection. asyncio sets it only on sockets that name their protocol; without it the body of
        # an answer waits for the caller to acknowledge the head, which takes 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
        self._server = _Server(config)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._socket.getsockname()[1]
        return port

    async def run(self) -> None:
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """End after the requests in work, in at most 5 s."""
        self._server.should_exit = True

    def close(self) -> None:
        self._socket.close()
