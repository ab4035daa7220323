"""What a request carries besides its content: its id, in the logs and in the answer, and its trace."""

import contextlib
import re
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.logs import get_logger
from runtime.tracing import SERVER, Tracing

HEADER = "X-Request-ID"
_USABLE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_WORK = "/v1/"
"""Health and metrics are asked all the time and get no spans."""
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

_log = get_logger(__name__)


class RequestContext:
    """ASGI middleware: takes the caller's `X-Request-ID`, or makes one, and continues the caller's `traceparent`.

    An id that could not stand in a log as it is gets replaced. Who wrote, by the name of the key, is logged.
    """

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = usable(headers.get(HEADER))
        scope.setdefault("state", {})["request_id"] = request_id

        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
                status = message["status"]
            await send(message)

        with contextlib.ExitStack() as around:
            around.enter_context(structlog.contextvars.bound_contextvars(request_id=request_id))
            if scope["path"].startswith(_WORK):
                around.enter_context(self._span(scope, headers))
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                _tell_write(scope, status)

    def _span(self, scope: Scope, headers: Headers) -> contextlib.AbstractContextManager[str | None]:
        return self._tracing.span(
            f"{scope['method']} request",
            SERVER,
            parent=headers.get("traceparent"),
            attributes={"url.path": scope["path"]},
        )


def _tell_write(scope: Scope, status: int) -> None:
    caller = scope["state"].get("caller")
    if caller and scope["method"] not in _READS:
        _log.info("write", caller=caller, method=scope["method"], path=scope["path"], status=status)


def usable(given: str | None) -> str:
    """`given` if it is short and plain, else a new id."""
    return given if given and _USABLE.fullmatch(given) else uuid.uuid4().hex
