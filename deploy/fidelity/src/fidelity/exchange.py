"""What went over the wire: requests with their answers. Here recorded by the hooks of an HTTP client."""

import dataclasses as dc
from collections.abc import Mapping
from urllib.parse import parse_qsl

import httpx


@dc.dataclass(frozen=True, slots=True)
class Request:
    """`path` is as it was sent, percent-encoded and without the query."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes


@dc.dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dc.dataclass(slots=True)
class Exchange:
    """`answer` is None when none came, and is not whole where the sandbox broke it off on purpose (`is_broken`).

    `failure`: what broke the sandbox itself.
    """

    request: Request
    answer: Answer | None = None
    is_broken: bool = False
    failure: str = ""


class Recorder:
    """Keeps every exchange of the client whose hooks it has."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self._waiting: dict[int, tuple[httpx.Request, Exchange]] = {}

    def listen(self, client: httpx.AsyncClient) -> None:
        client.event_hooks = {"request": [self._on_request], "response": [self._on_response]}

    async def _on_request(self, request: httpx.Request) -> None:
        exchange = Exchange(read_request(request))
        self.exchanges.append(exchange)
        self._waiting[id(request)] = (request, exchange)  # the request is kept, so that its id is not given out again

    async def _on_response(self, response: httpx.Response) -> None:
        _, exchange = self._waiting.pop(id(response.request))
        await response.aread()
        exchange.answer = Answer(response.status_code, dict(response.headers), response.content)


def read_request(request: httpx.Request) -> Request:
    """Read what httpx is about to send."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    return Request(request.method, path, pairs, dict(request.headers), request.content)
