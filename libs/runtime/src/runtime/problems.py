"""Every error of an HTTP API as a problem (RFC 9457): what is wrong, where, and what to do."""

import http
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException as StarletteHTTPException

from runtime.errors import is_transient, one_line
from runtime.logs import get_logger
from runtime.plain_words import location, message
from runtime.request_context import HEADER

MEDIA_TYPE = "application/problem+json"
INVALID_REQUEST = "invalid-request"
_NAMED_IN_A_LINE = 3
_BAD_DATA = "22"
"""The class of SQLSTATEs that say that a value can't be stored, such as text with a NUL."""

_log = get_logger(__name__)


class ProblemError(HTTPException):
    """An answer that callers can tell apart by its `kind`, and that may carry `members` of its own."""

    def __init__(self, status: int, kind: str, detail: str, **members: Any) -> None:  # noqa: ANN401 - any JSON
        super().__init__(status, detail)
        self.kind = kind
        self.members = members


class InvalidRequestError(ProblemError):
    """422: what was sent can't be used. `errors` holds (location, message) of each part that is wrong."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        named = "; ".join(f"{where}: {what}" for where, what in errors[:_NAMED_IN_A_LINE])
        more = len(errors) - _NAMED_IN_A_LINE
        detail = f"{named}; and {more} more" if more > 0 else named
        listed = [{"location": where, "message": what} for where, what in errors]
        super().__init__(422, INVALID_REQUEST, detail, errors=listed)


def add_problems(app: FastAPI) -> None:
    """Let every error of `app` be a problem."""
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(DBAPIError, _on_failure_below)
    app.add_exception_handler(PoolTimeoutError, _on_failure_below)
    app.add_exception_handler(OSError, _on_failure_below)
    app.add_exception_handler(Exception, _on_bug)


def problem(
    status: int,
    detail: str,
    *,
    instance: str,
    kind: str | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer itself; `instance` is the path that was asked for."""
    body = {
        "type": f"urn:mizan:problem:{kind}" if kind else "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    return JSONResponse(body | dict(members or {}), status, headers=headers, media_type=MEDIA_TYPE)


def too_large(path: str, limit: int) -> JSONResponse:
    return problem(413, too_large_words(limit), instance=path)


def too_large_words(limit: int) -> str:
    return f"the body may have at most {limit} bytes: send it in parts"


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, StarletteHTTPException):
        raise error
    own = error if isinstance(error, ProblemError) else None
    return problem(
        error.status_code,
        _detail(request, error),
        instance=request.url.path,
        kind=own.kind if own else None,
        members=own.members if own else None,
        headers=error.headers,
    )


def _detail(request: Request, error: StarletteHTTPException) -> str:
    """What the framework says is only the status once more."""
    detail = str(error.detail)
    if detail != http.HTTPStatus(error.status_code).phrase:
        return detail
    if error.status_code == http.HTTPStatus.NOT_FOUND:
        return "nothing answers at this path: /openapi.json lists what there is"
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not possible here, but {(error.headers or {}).get('Allow', 'another method')} is"
    return detail


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = InvalidRequestError([(location(e["loc"]), message(e)) for e in error.errors()])
    return await _on_http_error(request, found)


async def _on_failure_below(request: Request, error: Exception) -> Response:
    """The database is away or busy: 503. It can't store what was sent: 422. Anything else is a bug."""
    if is_transient(error) or isinstance(error, PoolTimeoutError):
        _log.warning("request not possible now", path=request.url.path, error=one_line(error))
        detail = "the database does not answer at the moment: send the same again in a moment"
        return problem(503, detail, instance=request.url.path, headers={"Retry-After": "1"})
    if isinstance(error, DBAPIError) and str(getattr(error.orig, "sqlstate", "")).startswith(_BAD_DATA):
        detail = "a value holds what can't be stored, such as a NUL character or half a surrogate pair"
        return problem(422, detail, instance=request.url.path, kind=INVALID_REQUEST)
    raise error


async def _on_bug(request: Request, error: Exception) -> Response:
    """Runs outside of every middleware, and so puts the request's id into the log and the answer itself."""
    request_id = getattr(request.state, "request_id", "")
    _log.error("request failed", path=request.url.path, request_id=request_id, exc_info=error)
    detail = "something went wrong here; the log says what"
    return problem(500, detail, instance=request.url.path, headers={HEADER: request_id})
