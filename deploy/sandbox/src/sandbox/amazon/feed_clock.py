"""ASGI middleware that lets feeds go on before anybody looks: what a feed has done by now, every request sees."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class FeedClock:
    def __init__(self, app: ASGIApp, advance: Callable[[], None]) -> None:
        self._app = app
        self._advance = advance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._advance()
        await self._app(scope, receive, send)
