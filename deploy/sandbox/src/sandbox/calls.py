"""The log of what was asked of the marketplace, and the middleware that keeps it."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock, iso

CONTROL_PREFIX = "/_sandbox"

Describe = Callable[[str, bytes], tuple[str | None, int | None]]
"""Tells, from a call's path and body, the SKU it names and the quantity it writes."""


@dataclass(frozen=True, slots=True)
class Call:
    """One marketplace call. `at` is when it arrived, `quantity` what it asked to write (None where it only reads)."""

    at: str
    method: str
    path: str
    status: int
    external_sku: str | None
    quantity: int | None


class CallLog:
    """Every marketplace call, in the sequence of the answers."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def since(self, index: int) -> list[Call]:
        """The calls from this index on; the next index is this one plus their number."""
        return self._calls[index:]

    def clear(self) -> None:
        self._calls.clear()


def is_marketplace_call(scope: Scope) -> bool:
    """Tell whether a request is for the marketplace and not for the control surface."""
    return scope["type"] == "http" and not scope["path"].startswith(f"{CONTROL_PREFIX}/")


class CallRecorder:
    """ASGI middleware: log each marketplace call, also one that a fault answers in the marketplace's place."""

    def __init__(self, app: ASGIApp, log: CallLog, describe: Describe, clock: Clock) -> None:
        self._app = app
        self._log = log
        self._describe = describe
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_marketplace_call(scope):
            await self._app(scope, receive, send)
            return
        at = iso(self._clock())
        body = await read_body(receive)
        if body is None:
            return
        external_sku, quantity = self._describe(scope["path"], body)
        answered = False

        def record(status: int) -> None:
            nonlocal answered
            answered = True
            self._log.add(Call(at, scope["method"], scope["path"], status, external_sku, quantity))

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Before the caller can see the answer, so that whoever has it finds it in the log.
                record(message["status"])
            await send(message)

        try:
            await self._app(scope, replay(body, receive), watch)
        finally:
            if not answered:
                record(HTTPStatus.INTERNAL_SERVER_ERROR)


async def read_body(receive: Receive) -> bytes | None:
    """Read a whole body; None when the caller left before it had sent one."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def replay(body: bytes, receive: Receive) -> Receive:
    """What hands over a body that was read already, and then whatever else comes."""
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again
