"""Noon's JSON as it comes: the partner API's fields are not specified, so each is looked for under several names."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Mapping[str, Any]

_MILLISECONDS_FROM = 100_000_000_000
"""A number of seconds as large as this is over 3000 years away, so it counts milliseconds."""


class UnexpectedShapeError(ValueError):
    """A field is missing or holds what can't be. The message names the field, never its content."""


def parse(content: bytes) -> Json:
    """A JSON object; numbers with a fraction stay exact.

    Raises:
        UnexpectedShapeError: it is something else.
    """
    try:
        document = json.loads(content, parse_float=Decimal)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UnexpectedShapeError("the answer is no JSON object")
    return document


def first(source: Json, *names: str) -> Any:  # noqa: ANN401 - any JSON
    """The value of the first of these fields that is there and not null."""
    return next((source[name] for name in names if source.get(name) is not None), None)


def text(source: Json, *names: str) -> str | None:
    """A text, or a number as text; None when none of the fields holds one."""
    value = first(source, *names)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) if str(value).strip() else None


def items(source: Json, *names: str) -> Sequence[Json]:
    """A list of objects.

    Raises:
        UnexpectedShapeError: there is none.
    """
    value = first(source, *names)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnexpectedShapeError(f"it has no list of objects under {' or '.join(names)}")
    return value


def quantity(source: Json, *names: str, default: int) -> int:
    """A whole number from 0, also written as text or with a zero fraction; the default when the field is absent.

    Raises:
        UnexpectedShapeError: the field holds something else.
    """
    value = first(source, *names)
    if value is None:
        return default
    number = decimal(value)
    if number is None or number < 0 or number != number.to_integral_value():
        raise UnexpectedShapeError(f"{names[0]} is no whole number from 0")
    return int(number)


def decimal(value: object) -> Decimal | None:
    """A finite number, also written as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def moment(source: Json, *names: str) -> dt.datetime | None:
    """An instant: ISO 8601 (UTC where it names no offset), or a number of seconds or milliseconds since 1970."""
    value = first(source, *names)
    number = decimal(value)
    try:
        if number is not None:
            seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
            return dt.datetime.fromtimestamp(float(seconds), dt.UTC)
        found = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=dt.UTC) if found and found.tzinfo is None else found
