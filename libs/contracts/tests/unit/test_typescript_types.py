"""events.ts has a type for everything that an event may hold. Whether it compiles is for `make typescript`."""

import re
from typing import Any

import pytest
from contracts import TOPICS, Payload
from contracts.generate import generated
from contracts.json_schemas import event_schema, payloads
from contracts.typescript import type_of, typescript_types
from contracts.workspace import TYPESCRIPT, WORKSPACE

TYPES = typescript_types()

each_payload = pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.event_type)


def body_of(interface: str) -> str:
    return TYPES.split(f"export interface {interface} {{\n")[1].split("\n}\n")[0]


def test_the_committed_types_are_those_of_the_code() -> None:
    assert (WORKSPACE / TYPESCRIPT).read_text(encoding="utf-8") == TYPES == generated(WORKSPACE)[TYPESCRIPT]


@each_payload
def test_an_event_is_an_interface_with_every_field(payload: type[Payload]) -> None:
    required = event_schema(payload)["$defs"][payload.__name__]["required"]
    fields = re.findall(r"^  (\w+)(\??): ", body_of(payload.__name__), flags=re.MULTILINE)
    assert dict(fields) == {name: "" if name in required else "?" for name in payload.model_fields}
    assert f'  "{payload.event_type}": {payload.__name__};' in body_of("EventData")


@each_payload
def test_every_definition_is_exported_once_with_its_docstring(payload: type[Payload]) -> None:
    for name, definition in event_schema(payload)["$defs"].items():
        [declared] = re.findall(rf"^export (?:interface|type) {name} .*$", TYPES, flags=re.MULTILINE)
        if "description" in definition:
            assert f"/** {definition['description']} */\n{declared}" in TYPES


def test_every_topic_has_its_event_types() -> None:
    rows = dict(re.findall(r'^  "([a-z.]+)": (.+);$', body_of("TopicEventTypes"), flags=re.MULTILINE))
    assert rows == {topic.name: " | ".join(f'"{payload.event_type}"' for payload in topic.payloads) for topic in TOPICS}


def test_an_enum_is_a_union_of_its_values() -> None:
    assert 'export type SyncScope = "stock" | "prices" | "orders" | "listings" | "all";' in TYPES


def test_no_type_is_any() -> None:
    code = re.sub(r"/\*\*.*?\*/", "", TYPES, flags=re.DOTALL)
    assert re.search(r"\bany\b", code) is None
    assert len(re.findall(r"/\*\*", TYPES)) == len(re.findall(r"\*/", TYPES))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "Timestamp"),
        ({"type": "string", "format": "decimal"}, "DecimalText"),
        ({"type": "integer"}, "number"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"anyOf": [{"type": "number"}, {"type": "integer"}]}, "number"),
        ({"const": "1.0", "type": "string"}, '"1.0"'),
        ({"enum": ["a", "b"], "type": "string"}, '"a" | "b"'),
        ({"$ref": "#/$defs/Money", "default": None}, "Money"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "Array<string | null>"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "Record<string, boolean>"),
    ],
)
def test_a_schema_becomes_the_type_of_its_values(schema: dict[str, Any], expected: str) -> None:
    assert type_of(schema) == expected


@pytest.mark.parametrize("schema", [{"type": "string", "format": "uri"}, {"type": "tuple"}])
def test_a_schema_that_the_generator_does_not_know_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        type_of(schema)
