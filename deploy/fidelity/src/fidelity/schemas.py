"""Checking values against JSON Schema as Swagger 2.0 uses it, with a reason for each thing that is wrong."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import ValidationError

Json = Mapping[str, Any]

_formats = FormatChecker(formats=())
_LONGEST_REASON = 300


@_formats.checks("date-time")
def is_date_time(value: object) -> bool:
    """Tell whether a text is a time with an offset, as RFC 3339 wants it."""
    try:
        return not isinstance(value, str) or dt.datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


class Schemas:
    """The definitions of one document. An object that lists its properties has no others."""

    def __init__(self, definitions: Json) -> None:
        self._definitions = closed(definitions)
        self._validators: dict[str, Draft4Validator] = {}

    def problems(self, schema: Json, value: object) -> Iterator[str]:
        """What is wrong with a value, each with the place where it is."""
        return (_reason(error) for error in self._validator(schema).iter_errors(value))

    def _validator(self, schema: Json) -> Draft4Validator:
        """One for each schema: to make it takes longer than to use it."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {"definitions": self._definitions, **closed(schema)}
            self._validators[key] = Draft4Validator(whole, format_checker=_formats)
        return self._validators[key]

    def problems_of_text(self, schema: Json, text: bytes) -> Iterator[str]:
        """As `problems`, of a JSON text."""
        try:
            value = json.loads(text)
        except ValueError:
            yield "it is no JSON"
            return
        yield from self.problems(schema, value)


def closed(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """The schema with every object that lists its properties closed to others.

    Not the parts of an `allOf` and its like, which list some of the properties each.
    """
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    parts = {"allOf", "anyOf", "oneOf"} & schema.keys()
    result = {key: value if key in parts or key == "enum" else closed(value) for key, value in schema.items()}
    is_listed = isinstance(schema.get("properties"), Mapping) and schema.get("type") == "object"
    return {"additionalProperties": False, **result} if is_listed and not parts else result


def _reason(error: ValidationError) -> str:
    place = "/".join(str(part) for part in error.absolute_path) or "(whole)"
    return f"{place}: {error.message}"[:_LONGEST_REASON]
