"""Markdown tables of the fields that a JSON Schema describes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_INT_MAX = 2_147_483_647
"""A bound that only says how wide the column in the database is."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, with a line break at its end."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def field_table(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """The fields of an object: name, type, whether it is required (else its default), meaning."""
    required = schema.get("required", ())
    return table(
        ("field", "type", "required", "meaning"),
        (
            (
                f"`{name}`",
                type_text(field, definitions),
                "yes" if name in required else _default(field),
                _meaning(field, definitions),
            )
            for name, field in schema["properties"].items()
        ),
    )


def type_text(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """What a value may be, in words."""
    if "anyOf" in schema:
        return " or ".join(type_text(each, definitions) for each in schema["anyOf"] if each != {"type": "null"})
    if "$ref" in schema:
        return _named(schema["$ref"].removeprefix("#/$defs/"), definitions)
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema["type"] == "array":
        return f"list of {type_text(schema['items'], definitions)}{_bounds(schema, 'minItems', 'maxItems')}"
    if schema["type"] == "string":
        return _string(schema)
    return f"{schema['type']}{_bounds(schema, 'minimum', 'maximum')}"


def _named(name: str, definitions: Mapping[str, Schema]) -> str:
    if "enum" in definitions[name]:
        return " · ".join(f"`{value}`" for value in definitions[name]["enum"])
    return f"[{name}](#{name.lower()})"


def _string(schema: Schema) -> str:
    if schema.get("format") == "date-time":
        return "time (RFC 3339, UTC)"
    if schema.get("format") == "decimal":
        return "decimal number as a string"
    if "pattern" in schema:
        return f"string matching `{schema['pattern']}`"
    bounds = _bounds(schema, "minLength", "maxLength")
    return f"string{bounds} characters" if bounds else "string"


def _bounds(schema: Schema, least: str, most: str) -> str:
    low, high = (None if abs(schema.get(end, _INT_MAX)) == _INT_MAX else schema[end] for end in (least, most))
    if low is None:
        return "" if high is None else f", at most {high}"
    return f", {low} or more" if high is None else f", {low} to {high}"


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "no" if default is None or default == [] else f"no: `{json.dumps(default)}`"


def _meaning(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """The field's own description, else that of the kind of value that it takes."""
    if "description" in schema:
        return str(schema["description"])
    kinds = [each["$ref"].removeprefix("#/$defs/") for each in schema.get("anyOf", [schema]) if "$ref" in each]
    return " ".join(definitions[kind].get("description", "") for kind in kinds if "enum" in definitions[kind])
