"""TypeScript types of every event, for programs such as the storefront."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.envelope import CloudEvent
from contracts.json_schemas import event_schema, payloads
from contracts.topics import TOPICS

Schema = Mapping[str, Any]

_HEAD = """\
// Generated from libs/contracts by `python -m contracts.generate`. Change the code there, not this file.
// Types only. What they can't say (bounds, which fields go together) is in libs/contracts/schemas.

/** An instant, in UTC; RFC 3339. */
export type Timestamp = string;

/** A decimal number, written as a string so that no reader turns it into a binary float. */
export type DecimalText = string;
"""

_TAIL = """\
/** The types of events. */
export type EventType = keyof EventData;

/** An event of the type `T`; by default of any type: a look at `type` then tells the shape of `data`. */
export type MizanEvent<T extends EventType = EventType> = { [K in T]: CloudEvent<K, EventData[K]> }[T];

/** An event that the topic `T` may carry. */
export type TopicEvent<T extends keyof TopicEventTypes> = MizanEvent<TopicEventTypes[T]>;
"""

_FORMATS = {"date-time": "Timestamp", "decimal": "DecimalText"}
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_TAGS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "pattern", "default")


def typescript_types() -> str:
    """The whole file. Readers get what is absent as `undefined`: a default stands in the field's comment only."""
    schemas = {payload.event_type: event_schema(payload) for payload in payloads()}
    definitions = {name: schema for each in schemas.values() for name, schema in each["$defs"].items()}
    parts = [
        _HEAD,
        *(_definition(name, schema) for name, schema in sorted(definitions.items())),
        _envelope(next(iter(schemas.values()))),
        _event_data(),
        _topic_event_types(),
        _TAIL,
    ]
    return "\n".join(parts)


def type_of(schema: Schema) -> str:
    """What a value of `schema` is in TypeScript."""
    if "$ref" in schema:
        return str(schema["$ref"].removeprefix("#/$defs/"))
    if "anyOf" in schema:
        return _union(type_of(each) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return _union(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        return f"Array<{type_of(schema['items'])}>"
    if schema["type"] == "object":
        values = schema["additionalProperties"]
        return f"Record<string, {'unknown' if values is True else type_of(values)}>"
    return _FORMATS[schema["format"]] if "format" in schema else _PLAIN[schema["type"]]


def _union(types: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(types))


def _definition(name: str, schema: Schema) -> str:
    about = _comment([schema["description"]] if "description" in schema else [])
    if "properties" not in schema:
        return f"{about}export type {name} = {type_of(schema)};\n"
    return f"{about}export interface {name} {{\n{_fields(schema)}}}\n"


def _fields(schema: Schema) -> str:
    required = schema.get("required", ())
    return "".join(
        _comment(_about(field), "  ") + f"  {name}{'' if name in required else '?'}: {type_of(field)};\n"
        for name, field in schema["properties"].items()
    )


def _about(field: Schema) -> list[str]:
    """The field's description, then what the type can't say, as JSDoc tags."""
    kinds = [field, *(each for each in field.get("anyOf", ()) if each != {"type": "null"})]
    tags = [f"@{tag} {json.dumps(kind[tag])}" for tag in _TAGS for kind in kinds if kind.get(tag) is not None]
    return [*([field["description"]] if "description" in field else []), *tags]


def _comment(lines: Iterable[str], indent: str = "") -> str:
    safe = [line.replace("*/", "*\\/") for line in lines]
    if len(safe) < 2:  # noqa: PLR2004 - a comment of one line stands on one line
        return "".join(f"{indent}/** {line} */\n" for line in safe)
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in safe) + f"{indent} */\n"


def _envelope(schema: Schema) -> str:
    """The envelope, which is the same in every schema but for the type and its data."""
    properties = {name: field for name, field in schema["properties"].items() if name not in {"type", "data"}}
    fields = _fields({"properties": properties, "required": schema["required"]})
    about = _comment([" ".join((CloudEvent.__doc__ or "").split())])
    kind = _comment([schema["properties"]["type"]["description"]], "  ")
    head = "export interface CloudEvent<Type extends string, Data> {\n"
    return f"{about}{head}{fields}{kind}  type: Type;\n  data: Data;\n}}\n"


def _event_data() -> str:
    rows = "".join(f'  "{payload.event_type}": {payload.__name__};\n' for payload in payloads())
    return f"/** What each type of event carries. */\nexport interface EventData {{\n{rows}}}\n"


def _topic_event_types() -> str:
    rows = "".join(
        f'  "{topic.name}": {_union(json.dumps(payload.event_type) for payload in topic.payloads)};\n'
        for topic in TOPICS
    )
    return f"/** The types of events that each topic may carry. */\nexport interface TopicEventTypes {{\n{rows}}}\n"
