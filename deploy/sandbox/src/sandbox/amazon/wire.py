"""How the Amazon stand-in answers and reads: error lists, headers, comma-separated queries."""

import json
import uuid
from collections.abc import Collection, Mapping
from decimal import Decimal
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import JSONResponse, Response

TOKEN_PATH = "/auth/o2/token"  # noqa: S105 - a path

_TAKEN = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
_RATED = (*_TAKEN, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
"""The answers that tell the operation's rate; the models have the header on no other."""

_SAID = {
    HTTPStatus.FORBIDDEN: ("Unauthorized", "Access to requested resource is denied."),
    HTTPStatus.TOO_MANY_REQUESTS: ("QuotaExceeded", "You exceeded your quota for the requested resource."),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("InternalFailure", "We encountered an internal error. Please try again."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("ServiceUnavailable", "Service is temporarily unavailable. Please try again."),
}


class RefusedError(Exception):
    """A request that Amazon answers with a list of errors."""

    def __init__(self, status: HTTPStatus, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"code": code, "message": message, "details": details}]}


def invalid_input(message: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, "InvalidInput", message)


async def json_object(request: Request) -> Mapping[str, object]:
    """The body of a request, which must be a JSON object."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid_input("The body must be a JSON object.")
    return body


def denied(details: str) -> RefusedError:
    return RefusedError(HTTPStatus.FORBIDDEN, "Unauthorized", "Access to requested resource is denied.", details)


def throttled() -> RefusedError:
    return RefusedError(HTTPStatus.TOO_MANY_REQUESTS, *_SAID[HTTPStatus.TOO_MANY_REQUESTS])


def answer(status: HTTPStatus, body: object, rate: str | None = None) -> Response:
    """Make an answer with the headers that Amazon puts on it; `rate` is the operation's, in calls a second.

    A `body` of None is no body at all.
    """
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    if rate is not None and status in _RATED:
        headers["x-amzn-RateLimit-Limit"] = rate
    return Response(None, status, headers) if body is None else JSONResponse(body, status, headers)


def refuse(path: str, status: HTTPStatus) -> Response:
    """Answer with an error that is none of an operation's own: a fault, or a path that is not served."""
    code, message = _SAID.get(status, (status.phrase.replace(" ", ""), f"{status.phrase}: {path}"))
    if path == TOKEN_PATH and status is HTTPStatus.FORBIDDEN:
        return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_grant", "The seller has withdrawn the authorisation")
    if path == TOKEN_PATH:
        return oauth_error(status, "temporarily_unavailable" if status in _SAID else "invalid_request", message)
    return answer(status, RefusedError(status, code, message).body)


def oauth_error(status: HTTPStatus, error: str, description: str) -> Response:
    """Make an error in OAuth's shape, which the token endpoint has."""
    return JSONResponse({"error": error, "error_description": description}, status)


class Query:
    """A query string. A list may be written with commas or by repeating the parameter."""

    def __init__(self, raw: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def one(self, name: str) -> str | None:
        """The parameter's value, or None.

        Raises:
            RefusedError: it is given more than once.
        """
        values = self._values.get(name, [None])
        if len(values) > 1:
            raise invalid_input(f"{name} may be given once")
        return values[0]

    def many(self, name: str, allowed: Collection[str] | None = None) -> list[str]:
        """The parameter's values.

        Raises:
            RefusedError: one of them is not among those allowed.
        """
        values = [each for value in self._values.get(name, []) for each in value.split(",") if each]
        for value in values:
            if allowed is not None and value not in allowed:
                raise invalid_input(f"{name} does not know {value!r}; it takes {', '.join(sorted(allowed))}")
        return values

    def without(self, name: str) -> list[tuple[str, list[str]]]:
        """Every other parameter, sorted: what must stay the same from page to page."""
        return sorted((each, values) for each, values in self._values.items() if each != name)


def money(amount: Decimal) -> dict[str, str]:
    """Print money as every model does: the amount is a text."""
    return {"amount": f"{amount:.2f}", "currencyCode": "EGP"}
