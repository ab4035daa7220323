import asyncio
import socket

import httpx
from fastapi import FastAPI
from runtime.web import WebServer


async def test_an_answer_is_sent_without_waiting_for_the_caller() -> None:
    app = FastAPI()
    delays: list[int] = []
    server = WebServer(app, "127.0.0.1", 0)

    @app.get("/")
    async def look() -> None:
        for connection in server._server.server_state.connections:
            accepted = connection.transport.get_extra_info("socket")
            delays.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    running = asyncio.create_task(server.run())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        (await client.get("/")).raise_for_status()
    server.stop()
    await running
    server.close()
    assert delays == [1]
