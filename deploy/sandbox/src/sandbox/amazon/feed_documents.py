"""Documents of feeds and reports: presigned addresses on the stand-in itself, for uploading to and fetching from.

As at Amazon the address alone lets a caller in, for five minutes; no access token belongs there. An upload must name
the very Content-Type that createFeedDocument was told, else its signature does not match.
"""

import gzip
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from sandbox.amazon.settings import MARKETPLACE_ID
from sandbox.amazon.wire import RefusedError
from sandbox.clock import Clock

ROOT = "/feed-documents/"
URL_LIFE = timedelta(minutes=5)
_GZIP = "GZIP"
_JSON = "application/json; charset=UTF-8"


@dataclass(slots=True)
class FeedDocument:
    """`content` is None until it is uploaded. `is_compressed`: what is fetched is gzip."""

    document_id: str
    content_type: str
    content: bytes | None = None
    is_compressed: bool = False


@dataclass(frozen=True, slots=True)
class _Address:
    document: FeedDocument
    method: str
    ends: datetime


class FeedDocuments:
    """The documents of one seller and the addresses given out for them.

    `root` is their path and `id_field` what an API calls their id.
    """

    def __init__(self, clock: Clock, root: str = ROOT, id_field: str = "feedDocumentId") -> None:
        self._clock = clock
        self._root = root
        self._id_field = id_field
        self._documents: dict[str, FeedDocument] = {}
        self._addresses: dict[str, _Address] = {}

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(f"{self._root}{{document_id}}", self.upload, methods=["PUT"], response_model=None)
        router.add_api_route(f"{self._root}{{document_id}}", self.download, methods=["GET"], response_model=None)
        return router

    def create(self, content_type: str) -> FeedDocument:
        """A document to upload to."""
        return self._keep(FeedDocument(_new_id(), content_type))

    def write(self, content: bytes, content_type: str = _JSON) -> FeedDocument:
        """A document to fetch, compressed."""
        return self.offer(gzip.compress(content, 1), content_type, is_compressed=True)

    def offer(self, content: bytes, content_type: str, *, is_compressed: bool) -> FeedDocument:
        """A document to fetch, as it is."""
        return self._keep(FeedDocument(_new_id(), content_type, content, is_compressed))

    def find(self, document_id: str) -> FeedDocument:
        """Find a document.

        Raises:
            RefusedError: 404, there is none with this id.
        """
        found = self._documents.get(document_id)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", f"No document has the id {document_id!r}.")
        return found

    def described(self, request: Request, document: FeedDocument, method: str) -> dict[str, object]:
        """The answer of createFeedDocument or getFeedDocument: the id, and an address for five minutes."""
        signature = secrets.token_urlsafe(24)
        self._addresses[signature] = _Address(document, method, self._clock() + URL_LIFE)
        url = f"{str(request.base_url).rstrip('/')}{self._root}{document.document_id}?X-Amz-Signature={signature}"
        compression: dict[str, object] = {"compressionAlgorithm": _GZIP} if document.is_compressed else {}
        return {self._id_field: document.document_id, "url": url} | compression

    def clear(self) -> None:
        self._documents.clear()
        self._addresses.clear()

    async def upload(self, request: Request, document_id: str) -> Response:
        document = self._admitted(request, document_id)
        if document is None or request.headers.get("x-amz-access-token"):
            return _forbidden("AccessDenied", "Request has expired")
        if request.headers.get("content-type") != document.content_type:
            said = "The request signature we calculated does not match the signature you provided."
            return _forbidden("SignatureDoesNotMatch", said)
        document.content = await request.body()
        return Response(status_code=HTTPStatus.OK)

    async def download(self, request: Request, document_id: str) -> Response:
        document = self._admitted(request, document_id)
        if document is None or document.content is None:
            return _forbidden("AccessDenied", "Request has expired")
        return Response(document.content, headers={"content-type": document.content_type})

    def _admitted(self, request: Request, document_id: str) -> FeedDocument | None:
        address = self._addresses.get(request.query_params.get("X-Amz-Signature", ""))
        if address is None or (address.document.document_id, address.method) != (document_id, request.method):
            return None
        return address.document if self._clock() < address.ends else None

    def _keep(self, document: FeedDocument) -> FeedDocument:
        self._documents[document.document_id] = document
        return document


def _new_id() -> str:
    return f"amzn1.tortuga.4.eu.{uuid.uuid4()}.{MARKETPLACE_ID}"


def _forbidden(code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, HTTPStatus.FORBIDDEN, media_type="application/xml")
