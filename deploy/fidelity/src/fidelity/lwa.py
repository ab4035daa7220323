"""Login with Amazon, which no model describes: the form of a token's request and of its answers.

Source: Amazon's guide "Connect to the SP-API", step "Request a Login with Amazon access token".
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from fidelity.exchange import Answer, Exchange, Request
from fidelity.schemas import Json, Schemas

NAME = "LWA token"
PATH = "/auth/o2/token"
_FORM = "application/x-www-form-urlencoded"
_LONGEST_TOKEN = 2048

_text: Json = {"type": "string", "minLength": 1}
_APPLICATION: Json = {"client_id": _text, "client_secret": _text}
_FIELDS: Json = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["refresh_token"]},
        "refresh_token": _text,
        **_APPLICATION,
    },
    "required": ["grant_type", "refresh_token", "client_id", "client_secret"],
}
_GRANTLESS_FIELDS: Json = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {"type": "string", "enum": ["sellingpartnerapi::notifications"]},
        **_APPLICATION,
    },
    "required": ["grant_type", "scope", "client_id", "client_secret"],
}
"""For the operations that no seller has to allow."""
_GRANT: Json = {
    "type": "object",
    "properties": {
        "access_token": {**_text, "maxLength": _LONGEST_TOKEN},
        "token_type": {"type": "string", "enum": ["bearer"]},
        "expires_in": {"type": "integer", "minimum": 1},
        "refresh_token": _text,
    },
    "required": ["access_token", "token_type", "expires_in"],
}
_REFUSAL: Json = {
    "type": "object",
    "properties": {"error": _text, "error_description": _text, "error_uri": _text},
    "required": ["error"],
}
_schemas = Schemas({})


def problems_of_token(exchange: Exchange) -> Iterator[str]:
    """What is wrong with a token's request and its answer."""
    yield from _of_request(exchange.request)
    if exchange.answer:
        yield from _of_answer(exchange.answer)


def _of_request(request: Request) -> Iterator[str]:
    if request.method != "POST" or request.query:
        yield "a token is asked for by POST, without a query"
    if not request.headers.get("content-type", "").startswith(_FORM):
        yield f"header content-type: not {_FORM}"
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if len(pairs) != len(dict(pairs)):
        yield "form: a field is given twice"
    # Only the field is named: what it holds may be a secret.
    fields = _GRANTLESS_FIELDS if dict(pairs).get("grant_type") == "client_credentials" else _FIELDS
    yield from (f"form: {problem.partition(':')[0]} is wrong" for problem in _schemas.problems(fields, dict(pairs)))


def _of_answer(answer: Answer) -> Iterator[str]:
    schema = _GRANT if answer.status == 200 else _REFUSAL  # noqa: PLR2004 - HTTP's OK
    for problem in _schemas.problems_of_text(schema, answer.body):
        yield f"answer {answer.status}: body: {problem.partition(':')[0]} is wrong"
