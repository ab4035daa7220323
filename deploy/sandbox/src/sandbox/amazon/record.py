"""The record of what goes over the wire: a file for each stand-in, one JSON object a line, secrets hidden.

A line is an exchange or a notification (`kind`). The control surface is no part of it.
"""

import base64
import json
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.amazon.hiding import hidden_body, hidden_header, hidden_query
from sandbox.calls import is_marketplace_call, read_body, replay
from sandbox.clock import Clock, iso
from sandbox.environment import EnvironmentVariablesError
from sandbox.faults import FAULT

RawHeaders = Iterable[tuple[bytes, bytes]]


class Record:
    """Appends to a file of its own in `folder`; each line is complete once it is there, whoever is killed next.

    Raises:
        EnvironmentVariablesError: the folder can't be made.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentVariablesError(
                f"SANDBOX_RECORD_FOLDER={folder} can't be made ({error.strerror}): name a folder that can be written to"
            ) from error
        self._file = folder / f"amazon-{uuid.uuid4().hex}.jsonl"
        self._clock = clock

    def exchange(self, scope: Scope, body: bytes, answer: "Answer") -> None:
        """Note a request, its answer as far as it came, and the fault that played a part in it."""
        path = scope["path"]
        request = {
            "method": scope["method"],
            "path": scope["raw_path"].decode("ascii").partition("?")[0],
            "query": hidden_query(scope["query_string"]).decode("latin-1"),
            "headers": _headers(scope["headers"]),
            "body": _text(hidden_body(path, body)),
        }
        told = {"request": request, "answer": answer.told(path), "fault": scope.get(FAULT), "error": answer.error}
        self._append({"kind": "exchange", "at": iso(self._clock()), **told})

    def notification(self, body: str) -> None:
        """Note a message to the seller's queue; one that is sent twice is noted once."""
        self._append({"kind": "notification", "at": iso(self._clock()), "body": json.loads(body)})

    def _append(self, line: dict[str, object]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


class Answer:
    """What was sent so far. `error` names what broke the stand-in itself."""

    def __init__(self) -> None:
        self.is_whole = False
        self.error: str | None = None
        self._status: HTTPStatus | None = None
        self._headers: RawHeaders = ()
        self._body: list[bytes] = []

    def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = HTTPStatus(message["status"]), message["headers"]
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)

    def told(self, path: str) -> dict[str, object] | None:
        """It as a part of a line; None where not even its head was sent."""
        if self._status is None:
            return None
        body = _text(hidden_body(path, b"".join(self._body)))
        return {
            "status": self._status,
            "headers": _headers(self._headers),
            "body": body,
            "is_whole": self.is_whole,
        }


class ExchangeRecorder:
    """ASGI middleware, the outermost: records each marketplace call, before the caller has all of its answer."""

    def __init__(self, app: ASGIApp, record: Record) -> None:
        self._app = app
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_marketplace_call(scope):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            return
        answer = Answer()

        async def watch(message: Message) -> None:
            answer.take(message)
            if answer.is_whole:
                self._record.exchange(scope, body, answer)
            await send(message)

        try:
            await self._app(scope, replay(body, receive), watch)
        except Exception as error:
            answer.error = type(error).__name__
            raise
        finally:
            if not answer.is_whole:
                self._record.exchange(scope, body, answer)


def _headers(raw: RawHeaders) -> dict[str, str]:
    """By name in small letters; one that is there more than once has its values in a row."""
    told: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        value = hidden_header(name, raw_value.decode("latin-1"))
        told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def _text(body: bytes) -> dict[str, str]:
    """As a text where it is one; else in base64."""
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}
