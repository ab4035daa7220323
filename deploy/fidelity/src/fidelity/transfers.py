"""Documents on their way: uploaded to, and fetched from, addresses that the Feeds and Reports APIs gave out.

No model describes these. What must hold is in Amazon's guide "Feeds API v2021-06-30 use case guide", steps 2 and 7: the
upload has the very Content-Type that createFeedDocument was told, and no access token goes along.
"""

import contextlib
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from fidelity.documents import Document
from fidelity.exchange import Exchange

NAME = "document"
_FEEDS, _REPORTS = "/feeds/2021-06-30/documents", "/reports/2021-06-30/documents"
_FEED, _REPORT = "listings-feed-schema-v2.json", "listings-feed-processing-report-schema-v2.json"


class Transfers:
    """The addresses that were given out during a run."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._types: dict[str, str | None] = {}
        """By the path of an address: the Content-Type for uploading to it, None where it is to fetch from."""
        self.with_schema: set[str] = set()
        """The paths of what a schema describes: a report of listings is a table, and has none."""
        for exchange in exchanges:
            answer = exchange.answer
            if answer and answer.status in (200, 201) and exchange.request.path.startswith((_FEEDS, _REPORTS)):
                with contextlib.suppress(ValueError, KeyError, TypeError):  # then the model finds it invalid
                    is_upload = exchange.request.method == "POST"
                    asked = json.loads(exchange.request.body)["contentType"] if is_upload else None
                    path = _path(json.loads(answer.body))
                    self._types[path] = asked
                    if exchange.request.path.startswith(_FEEDS):
                        self.with_schema.add(path)

    def has(self, exchange: Exchange) -> bool:
        return exchange.request.path in self._types

    def problems(self, exchange: Exchange) -> Iterator[str]:
        """What is wrong with a transfer."""
        request, asked = exchange.request, self._types[exchange.request.path]
        if "x-amz-access-token" in request.headers:
            yield "header x-amz-access-token: an address of a document lets in whoever has it"
        if request.method != ("GET" if asked is None else "PUT"):
            yield f"method {request.method}: not what the address was given out for"
        if asked is not None and request.headers.get("content-type") != asked:
            yield f"header content-type: {request.headers.get('content-type')!r} is not {asked!r}"


def documents_of(exchanges: Sequence[Exchange]) -> list[Document]:
    """The feeds that were uploaded and the reports that were fetched, to be checked by their schemas."""
    transfers = Transfers(exchanges)
    found = []
    for exchange in exchanges:
        is_described = exchange.request.path in transfers.with_schema
        if is_described and exchange.answer and exchange.answer.status == 200:  # noqa: PLR2004 - HTTP's OK
            is_upload = exchange.request.method == "PUT"
            content = exchange.request.body if is_upload else exchange.answer.body
            found.append(Document(_FEED if is_upload else _REPORT, _read(content, is_compressed=not is_upload)))
    return found


def _read(content: bytes, *, is_compressed: bool) -> Any:  # noqa: ANN401 - any JSON
    """The JSON; None where it is none, which no schema allows."""
    try:
        return json.loads(gzip.decompress(content) if is_compressed else content)
    except (ValueError, OSError, EOFError, zlib.error):
        return None


def _path(document: dict[str, Any]) -> str:
    return str(urlsplit(document["url"]).path)
