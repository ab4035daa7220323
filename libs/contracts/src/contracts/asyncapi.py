"""The AsyncAPI 3.0 document: every topic, who sends and who receives what on it, and how a record looks.

It describes the whole system, so an operation names its service (in its id, its tag and its consumer group), where a
document about one application would leave it out.
"""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from contracts.dead_letter import MEANINGS
from contracts.envelope import Payload
from contracts.json_schemas import event_schema, paragraphs, payloads
from contracts.topics import TOPICS, Topic, all_topics
from contracts.workspace import schema_file

Document = dict[str, Any]

_KAFKA_BINDING = "0.5.0"
_KEEP_FOR_EVER_MS = -1
_DEAD_LETTER = "dead-letter"
_ABOUT = """\
Facts go between Mizan's services as CloudEvents 1.0 in JSON structured mode, UTF-8, one event a Kafka record. Readers \
ignore fields that they don't know; a breaking change is a new version of the event type, on the same topic. A \
consumer group puts a record that it can't use into its own dead-letter topic `<topic>.<group>.dlq`."""


def asyncapi_document(examples: Mapping[str, Mapping[str, Any]]) -> Document:
    """The document. `examples` has one event for each event type; schemas are referred to as `./schemas/…`."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:mizan:events",
        "info": {
            "title": "Mizan's events",
            "version": importlib.metadata.version("mizan-contracts"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic) for topic in all_topics()},
        "operations": _operations(),
        "components": {"messages": _messages(examples)},
    }


def _server() -> Document:
    return {
        "host": "{bootstrapServers}",
        "protocol": "kafka",
        "description": "The cluster. A deployment may put KAFKA_TOPIC_PREFIX before every topic and consumer group.",
        "variables": {"bootstrapServers": {"description": "KAFKA_BOOTSTRAP_SERVERS", "default": "localhost:9092"}},
    }


def _channel(topic: Topic) -> Document:
    return {
        "address": topic.name,
        "title": topic.name,
        "description": f"Owned by {topic.owner}. Key of the records: {topic.key}.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic)},
        "bindings": {"kafka": _topic_binding(topic)},
    }


def _topic_binding(topic: Topic) -> Document:
    retention = _KEEP_FOR_EVER_MS if topic.retention_ms is None else topic.retention_ms
    return {
        "partitions": topic.partitions,
        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": retention},
        "bindingVersion": _KAFKA_BINDING,
    }


def _is_dead_letters(topic: Topic) -> bool:
    return topic not in TOPICS


def _message_names(topic: Topic) -> list[str]:
    return [_DEAD_LETTER] if _is_dead_letters(topic) else [payload.event_type for payload in topic.payloads]


def _operations() -> Document:
    return {
        f"{service}.{action}.{topic.name}": _operation(service, action, topic)
        for topic in all_topics()
        for action, services in (("send", topic.producers), ("receive", topic.consumers))
        for service in services
    }


def _operation(service: str, action: str, topic: Topic) -> Document:
    operation = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "title": f"{service} {action}s {topic.name}",
        "tags": [{"name": service}],
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in _message_names(topic)],
    }
    if action == "send" or _is_dead_letters(topic):
        return operation
    group = {"groupId": {"type": "string", "const": service}, "bindingVersion": _KAFKA_BINDING}
    return operation | {"bindings": {"kafka": group}}


def _messages(examples: Mapping[str, Mapping[str, Any]]) -> Document:
    events = {payload.event_type: _message(payload, examples[payload.event_type]) for payload in payloads()}
    return events | {_DEAD_LETTER: _dead_letter()}


def _message(payload: type[Payload], example: Mapping[str, Any]) -> Document:
    return {
        "name": payload.event_type,
        "title": payload.__name__,
        "summary": paragraphs(payload)[0],
        "description": event_schema(payload)["description"],
        "contentType": "application/cloudevents+json",
        "correlationId": {"location": "$message.payload#/correlationid", "description": "The id of the first cause."},
        "payload": {"$ref": f"./schemas/{schema_file(payload.event_type)}"},
        "bindings": {"kafka": {"key": _key(payload), "bindingVersion": _KAFKA_BINDING}},
        "examples": [{"name": payload.event_type, "payload": example}],
    }


def _key(payload: type[Payload]) -> Document:
    """The key by the topic that the event type is named after; a type without such a topic has no key."""
    for topic in TOPICS:
        if topic.payloads[0] is payload:
            return {"type": "string", "minLength": 1, "description": f"{topic.key}, as in the event's subject"}
    return {"type": "null", "description": "No key: one is written to each partition."}


def _dead_letter() -> Document:
    return {
        "name": _DEAD_LETTER,
        "title": "DeadLetter",
        "summary": "A record that a consumer group can't use, byte for byte.",
        "description": "Key and value are the original's; its other headers stay as they are.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "description": "UTF-8 text.",
            "required": [*MEANINGS],
            "properties": {name: {"type": "string", "description": text} for name, text in MEANINGS.items()},
        },
        "payload": {"description": "The original bytes, which may be no JSON."},
        "bindings": {"kafka": {"key": {"description": "The original's key."}, "bindingVersion": _KAFKA_BINDING}},
    }
