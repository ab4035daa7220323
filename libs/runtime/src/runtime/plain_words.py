"""What pydantic finds wrong, in words for whoever sent it; what was sent is never repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "json_invalid": "is not valid JSON: {error}",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "may have at most {max_length} characters",
    "string_pattern_mismatch": "must look like {pattern}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_type": "must be a decimal number, written as text",
    "decimal_parsing": "must be a decimal number, written as text",
    "decimal_max_digits": "may have at most {max_digits} digits",
    "decimal_max_places": "may have at most {decimal_places} digits after the point",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entries",
    "too_long": "may have at most {max_length} entries",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be a JSON object, sent with Content-Type: application/json",
    "enum": "must be one of: {expected}",
    "literal_error": "must be one of: {expected}",
    "timezone_aware": "needs a time zone, such as 2026-11-22T10:00:00Z",
    "datetime_type": "must be a time, such as 2026-11-22T10:00:00Z",
    "datetime_parsing": "must be a time, such as 2026-11-22T10:00:00Z",
    "datetime_from_date_parsing": "must be a time, such as 2026-11-22T10:00:00Z",
    "value_error": "{error}",
}


def message(error: Mapping[str, Any]) -> str:
    """One line about one entry of `ValidationError.errors()`; pydantic's own words where there are no better ones."""
    words = _WORDS.get(str(error["type"]))
    if words is None:
        return str(error["msg"])
    return words.format_map(error.get("ctx") or {})


def location(parts: Sequence[int | str]) -> str:
    """Where it is: ("body", "changes", 3, "sku") is `body.changes[3].sku`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")
