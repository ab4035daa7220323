"""RFC 9457 problems: how the control surface says no."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


def problem(status: HTTPStatus, detail: str) -> JSONResponse:
    """Make a problem answer."""
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def invalid(error: RequestValidationError) -> JSONResponse:
    """Say in one line what is wrong with each field of a request."""
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(_line(each) for each in _errors(error)))


def _errors(error: RequestValidationError) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = error.errors()
    return found


def _line(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{place}: no such field here; leave it out"
    return f"{place}: {error['msg']}"
