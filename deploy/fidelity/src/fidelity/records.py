"""Reading what Amazon's sandbox recorded (`SANDBOX_RECORD_FOLDER`): a file for each sandbox, a line for each exchange.

A test that plays the client itself says so by its User-Agent and is counted apart. Whatever else comes is taken for the
connector's, also where it has no proper User-Agent: that is for the verdict to find.
"""

import base64
import dataclasses as dc
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fidelity.documents import Document
from fidelity.exchange import Answer, Exchange, Request
from fidelity.transfers import documents_of

BY_HAND = "by-hand/"
"""What the User-Agent of a test's own request begins with."""
_NOTIFICATIONS = {
    "ORDER_CHANGE": "OrderChangeNotification.json",
    "FEED_PROCESSING_FINISHED": "FeedProcessingFinishedNotification.json",
}


class RecordError(Exception):
    """A record can't be read; the message says where."""


@dc.dataclass(slots=True)
class Recording:
    """What one sandbox saw. `by_hand`: how many requests were not the connector's."""

    exchanges: list[Exchange] = dc.field(default_factory=list)
    documents: list[Document] = dc.field(default_factory=list)
    by_hand: int = 0


def read_records(folder: Path) -> Iterator[Recording]:
    """The recordings in a folder, one by one.

    Raises:
        RecordError: a line is not what a sandbox writes.
    """
    for path in sorted(folder.glob("*.jsonl")):
        yield _read(path)


def _read(path: Path) -> Recording:
    recording = Recording()
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                _take(json.loads(line), recording)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise RecordError(f"{path.name}, line {number}, can't be read ({error!r}): record anew") from error
    recording.documents += documents_of(recording.exchanges)
    return recording


def _take(line: Mapping[str, Any], recording: Recording) -> None:
    if line["kind"] == "notification":
        recording.documents.append(_notification(line["body"]))
        return
    exchange = _exchange(line)
    if exchange.request.headers.get("user-agent", "").startswith(BY_HAND):
        recording.by_hand += 1
    else:
        recording.exchanges.append(exchange)


def _notification(body: Mapping[str, Any]) -> Document:
    kind = body.get("NotificationType") or body.get("notificationType")
    return Document(_NOTIFICATIONS.get(str(kind), f"{kind} (no schema)"), body)


def _exchange(line: Mapping[str, Any]) -> Exchange:
    """An answer is broken where its end is missing and a fault is to blame."""
    told, answer = line["request"], line["answer"]
    query = tuple(parse_qsl(told["query"], keep_blank_values=True))
    request = Request(told["method"], told["path"], query, told["headers"], _bytes(told["body"]))
    if answer is None:
        return Exchange(request, failure=line["error"] or "")
    read = Answer(answer["status"], answer["headers"], _bytes(answer["body"]))
    is_broken = not answer["is_whole"] and line["fault"] is not None
    return Exchange(request, read, is_broken=is_broken, failure=line["error"] or "")


def _bytes(body: Mapping[str, str]) -> bytes:
    return base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode()
