"""Whether a request is what an operation's model wants."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from fidelity.exchange import Request
from fidelity.models import Operation
from fidelity.schemas import Json

_LONGEST_USER_AGENT = 500
_USER_AGENT = re.compile(r"[^\s/()]+/[^\s()]+ \((?=[^()]*\bLanguage=[^;()]+)[^()]+\)")
_DATE = re.compile(r"\d{8}T\d{6}Z")


def problems_of_request(operation: Operation, request: Request) -> Iterator[str]:
    """What is wrong with a request."""
    yield from _of_headers(request.headers)
    yield from _of_path(operation, request)
    yield from _of_query(operation, request)
    yield from _of_body(operation, request)


def _of_headers(headers: Mapping[str, str]) -> Iterator[str]:
    user_agent = headers.get("user-agent", "")
    if len(user_agent) > _LONGEST_USER_AGENT or not _USER_AGENT.fullmatch(user_agent):
        yield f"header user-agent: {user_agent[:80]!r} is not App/Version (Language=...), of at most 500 characters"
    if not headers.get("x-amz-access-token"):
        yield "header x-amz-access-token: missing"
    if not _DATE.fullmatch(headers.get("x-amz-date", "")):
        yield "header x-amz-date: missing, or not YYYYMMDDTHHMMSSZ"


def _of_path(operation: Operation, request: Request) -> Iterator[str]:
    match = operation.path.fullmatch(request.path)
    given = match.groupdict() if match else {}
    for parameter in _in(operation, "path"):
        name = parameter["name"]
        for problem in operation.schemas.problems(_schema(parameter), unquote(given.get(name, ""))):
            yield f"path parameter {name}: {problem}"


def _of_query(operation: Operation, request: Request) -> Iterator[str]:
    given: dict[str, list[str]] = {}
    for name, value in request.query:
        given.setdefault(name, []).append(value)
    declared = {parameter["name"]: parameter for parameter in _in(operation, "query")}
    yield from (f"query parameter {name}: not in the model" for name in given.keys() - declared.keys())
    for name, parameter in declared.items():
        if name not in given:
            if parameter.get("required"):
                yield f"query parameter {name}: missing"
        elif len(given[name]) > 1 and parameter.get("collectionFormat") != "multi":
            yield f"query parameter {name}: given {len(given[name])} times"
        else:
            for problem in operation.schemas.problems(_schema(parameter), _value(parameter, given[name])):
                yield f"query parameter {name}: {problem}"


def _of_body(operation: Operation, request: Request) -> Iterator[str]:
    declared = next(iter(_in(operation, "body")), None)
    if declared is None:
        if request.body:
            yield "body: the operation takes none"
        return
    if not request.body:
        if declared.get("required"):
            yield "body: missing"
        return
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type not in operation.consumes:
        yield f"header content-type: {media_type!r} is none of {', '.join(operation.consumes)}"
    for problem in operation.schemas.problems_of_text(declared["schema"], request.body):
        yield f"body: {problem}"


def _in(operation: Operation, place: str) -> Iterator[Json]:
    return (parameter for parameter in operation.parameters if parameter["in"] == place)


def _schema(parameter: Json) -> Json:
    """What of a parameter says how its value looks; `required` means something else in a schema."""
    return {key: value for key, value in parameter.items() if key not in ("name", "in", "required", "description")}


def _value(parameter: Json, texts: list[str]) -> object:
    """A query's text as the value that its parameter's type wants; as it stands where it can't be one."""
    if parameter.get("type") == "array":
        parts = texts if parameter.get("collectionFormat") == "multi" else texts[0].split(",")
        return [_value(parameter.get("items", {}), [part]) for part in parts]
    if parameter.get("type") == "integer" and re.fullmatch(r"-?\d+", texts[0]):
        return int(texts[0])
    if parameter.get("type") == "boolean" and texts[0] in ("true", "false"):
        return texts[0] == "true"
    return texts[0]
