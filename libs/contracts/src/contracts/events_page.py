"""`docs/events.md`: every topic and every event, for people."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.dead_letter import MEANINGS
from contracts.envelope import CloudEvent, Payload
from contracts.field_tables import field_table, table
from contracts.json_schemas import event_schema, paragraphs, payloads
from contracts.topics import TOPICS, Topic

_HEAD = """\
<!-- Generated from libs/contracts by `python -m contracts.generate`. Change the code there, not this page. -->

# Events

Facts go between services as [CloudEvents 1.0](https://github.com/cloudevents/spec) in JSON structured mode, UTF-8, one
event a Kafka record. In `libs/contracts` are the JSON Schema of each event (`schemas`), examples (`examples`), the same
facts as AsyncAPI 3.0 (`asyncapi.json`) and types for TypeScript (`typescript/events.ts`). Readers ignore fields that
they don't know; a breaking change is a new version, consumed beside the old one until that has left retention.
"""

_DEAD_LETTERS = """\
## Dead letters

Each consumer group of a topic has a dead-letter topic `<topic>.<group>.dlq` with one partition, kept for ever. There it
puts a record that it can't use, byte for byte and under the same key, with these headers (UTF-8 text):
"""


def events_page(examples: Mapping[str, Mapping[str, Any]]) -> str:
    """The page in Markdown. `examples` has one event for each event type."""
    schemas = {payload: event_schema(payload) for payload in payloads()}
    parts = [
        _HEAD,
        "## Topics\n\n" + topics_table(TOPICS),
        _DEAD_LETTERS + "\n" + table(("header", "meaning"), ((f"`{name}`", text) for name, text in MEANINGS.items())),
        "## Envelope\n\n" + _envelope(schemas[payloads()[0]]),
        *(_event(payload, schema, examples[payload.event_type]) for payload, schema in schemas.items()),
        "## Values\n\nWhat the events above are made of.\n",
        *(f"### {name}\n\n{_value(definition)}" for name, definition in sorted(_values(schemas).items())),
    ]
    return "\n".join(parts)


def topics_table(topics: Iterable[Topic]) -> str:
    """The table of topics; the first producer owns the topic."""
    return table(
        ("topic", "key", "partitions", "kept", "producers (the owner first)", "consumers", "event types"),
        (
            (
                f"`{topic.name}`",
                topic.key,
                str(topic.partitions),
                _retention(topic.retention_ms),
                ", ".join(topic.producers),
                ", ".join(topic.consumers),
                ", ".join(_link(payload.event_type) for payload in topic.payloads),
            )
            for topic in topics
        ),
    )


def _retention(milliseconds: int | None) -> str:
    return "for ever" if milliseconds is None else f"{milliseconds // 86_400_000} days"


def _link(event_type: str) -> str:
    return f"[{event_type}](#{event_type.replace('.', '')})"


def _envelope(schema: dict[str, Any]) -> str:
    about = " ".join((CloudEvent.__doc__ or "").split())
    properties = {name: field for name, field in schema["properties"].items() if name != "data"}
    properties["type"] = {key: value for key, value in properties["type"].items() if key != "const"}
    return f"{about} The `data` is described below.\n\n" + field_table(schema | {"properties": properties}, {})


def _event(payload: type[Payload], schema: dict[str, Any], example: Mapping[str, Any]) -> str:
    definitions = schema["$defs"]
    return "\n".join(
        [
            f"## {payload.event_type}\n",
            "\n\n".join(paragraphs(payload)) + "\n",
            f"Topics: {', '.join(f'`{topic.name}`' for topic in TOPICS if payload in topic.payloads)}.\n",
            field_table(definitions[payload.__name__], definitions),
            f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n",
        ]
    )


def _values(schemas: Mapping[type[Payload], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Definitions of the objects inside events, by name, each with the definitions that it refers to."""
    return {
        name: definition | {"$defs": schema["$defs"]}
        for payload, schema in schemas.items()
        for name, definition in schema["$defs"].items()
        if definition["type"] == "object" and name != payload.__name__
    }


def _value(definition: dict[str, Any]) -> str:
    about = f"{definition['description']}\n\n" if "description" in definition else ""
    return about + field_table(definition, definition["$defs"])
