"""The JSON Schema of every event: the whole CloudEvent with its data, as a producer must write it."""

import inspect
from collections.abc import Iterable
from typing import Any

from contracts.envelope import Payload
from contracts.registry import adapter
from contracts.topics import TOPICS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def payloads() -> tuple[type[Payload], ...]:
    """Every class of data, in the order of the table of topics."""
    return tuple(dict.fromkeys(payload for topic in TOPICS for payload in topic.payloads))


def paragraphs(payload: type[Payload]) -> list[str]:
    """The paragraphs of the docstring, each in one line."""
    return [" ".join(part.split()) for part in (inspect.getdoc(payload) or "").split("\n\n")]


def event_schema(payload: type[Payload]) -> dict[str, Any]:
    """JSON Schema 2020-12 of the event that carries `payload`. Properties keep the order of the class."""
    schema = adapter(payload).json_schema()
    schema["properties"]["type"]["const"] = payload.event_type
    return _in_one_line(schema) | {
        "$schema": DIALECT,
        "$id": f"urn:mizan:event:{payload.event_type}",
        "title": payload.event_type,
        "description": " ".join(paragraphs(payload)),
        "required": _first_the_envelope(schema["required"]),
    }


def _first_the_envelope(required: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(("specversion", *required)))


def _in_one_line(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema with descriptions that hold no line break of the source."""
    return {key: _value_in_one_line(key, value) for key, value in schema.items()}


def _value_in_one_line(key: str, value: object) -> object:
    if isinstance(value, dict):
        return _in_one_line(value)
    if key == "description" and isinstance(value, str):
        return " ".join(value.split())
    return value
