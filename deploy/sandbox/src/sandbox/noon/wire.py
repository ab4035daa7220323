"""How the Noon stand-in answers, and how its bodies are read."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import JSONResponse, Response

_SAID = {
    HTTPStatus.TOO_MANY_REQUESTS: ("rate_limited", "Too many requests; try again later"),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("internal_error", "Something went wrong on our side"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("unavailable", "The service is temporarily unavailable"),
}


class RefusedError(Exception):
    """A request that Noon answers with an error."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Response:
        return JSONResponse({"error": {"code": self.code, "message": self.message}}, self.status)


def throttled() -> RefusedError:
    return RefusedError(HTTPStatus.TOO_MANY_REQUESTS, *_SAID[HTTPStatus.TOO_MANY_REQUESTS])


def refuse(path: str, status: HTTPStatus) -> Response:
    """Answer with an error that is none of a route's own: a fault, or a path that is not served."""
    code, message = _SAID.get(status, (status.name.lower(), f"{status.phrase}: {path}"))
    return RefusedError(status, code, message).answer()


def read_object(body: bytes) -> Mapping[str, object]:
    """Read a JSON object.

    Raises:
        RefusedError: the body is something else.
    """
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_body", "The body must be a JSON object")
    return document
