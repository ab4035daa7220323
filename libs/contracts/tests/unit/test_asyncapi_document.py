"""asyncapi.json keeps AsyncAPI 3.0's rules of structure and says what the table of topics says.

The official JSON Schema comes from npm only: `make typescript` validates against it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contracts import TOPICS, Payload, Topic, all_topics
from contracts.dead_letter import MEANINGS
from contracts.json_schemas import payloads
from contracts.workspace import ASYNCAPI, EXAMPLES, WORKSPACE
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

FOLDER = (WORKSPACE / ASYNCAPI).parent
DOCUMENT: dict[str, Any] = json.loads((WORKSPACE / ASYNCAPI).read_bytes())
CHANNELS, OPERATIONS, MESSAGES = DOCUMENT["channels"], DOCUMENT["operations"], DOCUMENT["components"]["messages"]
DEAD_LETTER_TOPICS = [topic for topic in all_topics() if topic not in TOPICS]

each_payload = pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.event_type)
each_topic = pytest.mark.parametrize("topic", all_topics(), ids=lambda topic: topic.name)


def references(value: object) -> Iterator[str]:
    """Every `$ref` of the document, but for those inside examples."""
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        yield from (each for key, inner in value.items() if key != "examples" for each in references(inner))
    if isinstance(value, list):
        yield from (each for inner in value for each in references(inner))


def resolved(reference: str) -> Any:  # noqa: ANN401 - any JSON
    file, _, pointer = reference.partition("#")
    found: Any = json.loads((FOLDER / file).read_bytes()) if file else DOCUMENT
    for step in filter(None, pointer.split("/")):
        found = found[step]
    return found


def operations_on(topic: Topic, action: str) -> dict[str, Any]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    return {n: each for n, each in OPERATIONS.items() if each["channel"] == channel and each["action"] == action}


def test_the_document_names_its_version_and_itself() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["title"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", DOCUMENT["info"]["version"])
    assert DOCUMENT.keys() <= {
        "asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components",
    }  # fmt: skip


def test_every_reference_leads_to_something() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 100
    assert all(resolved(reference) for reference in found)


def test_names_of_components_are_allowed_ones() -> None:
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in MESSAGES)


def test_the_channels_are_the_topics_dead_letters_included() -> None:
    assert set(CHANNELS) == {topic.name for topic in all_topics()}
    assert all(channel["address"] == name for name, channel in CHANNELS.items())
    assert len(DEAD_LETTER_TOPICS) > len(TOPICS)


@each_topic
def test_a_channel_says_how_the_topic_is_kept(topic: Topic) -> None:
    binding = CHANNELS[topic.name]["bindings"]["kafka"]
    assert binding["partitions"] == topic.partitions
    retention = -1 if topic.retention_ms is None else topic.retention_ms
    assert binding["topicConfiguration"] == {"cleanup.policy": ["delete"], "retention.ms": retention}


@each_topic
def test_each_producer_sends_and_each_consumer_receives(topic: Topic) -> None:
    assert set(operations_on(topic, "send")) == {f"{each}.send.{topic.name}" for each in topic.producers}
    assert set(operations_on(topic, "receive")) == {f"{each}.receive.{topic.name}" for each in topic.consumers}


@each_topic
def test_operations_use_messages_of_their_channel(topic: Topic) -> None:
    own = {f"#/channels/{topic.name}/messages/{name}" for name in CHANNELS[topic.name]["messages"]}
    for operation in (*operations_on(topic, "send").values(), *operations_on(topic, "receive").values()):
        assert {message["$ref"] for message in operation["messages"]} == own


def test_a_service_receives_in_the_consumer_group_of_its_name() -> None:
    for topic in TOPICS:
        for name, operation in operations_on(topic, "receive").items():
            group = operation["bindings"]["kafka"]["groupId"]["const"]
            assert name == f"{group}.receive.{topic.name}"
            assert operation["tags"] == [{"name": group}]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_carries_its_event_types(topic: Topic) -> None:
    assert set(CHANNELS[topic.name]["messages"]) == {payload.event_type for payload in topic.payloads}
    key = MESSAGES[topic.payloads[0].event_type]["bindings"]["kafka"]["key"]
    assert key["type"] == "string"
    assert key["description"].startswith(topic.key)


def test_a_watermark_has_no_key() -> None:
    assert MESSAGES["orders.watermark.v1"]["bindings"]["kafka"]["key"]["type"] == "null"


@pytest.mark.parametrize("topic", DEAD_LETTER_TOPICS, ids=lambda topic: topic.name)
def test_a_dead_letter_topic_is_written_by_its_group_and_read_by_operators(topic: Topic) -> None:
    assert set(CHANNELS[topic.name]["messages"]) == {"dead-letter"}
    [sender] = operations_on(topic, "send").values()
    [reader] = operations_on(topic, "receive").values()
    assert topic.name.endswith(f".{sender['tags'][0]['name']}.dlq")
    assert reader["tags"] == [{"name": "operators"}]


def test_a_dead_letter_has_its_headers_and_any_payload() -> None:
    letter = MESSAGES["dead-letter"]
    assert letter["headers"]["required"] == [*MEANINGS]
    assert {name: each["description"] for name, each in letter["headers"]["properties"].items()} == MEANINGS
    assert Draft7Validator(letter["payload"]).is_valid(["anything"])


@each_payload
def test_the_schema_of_a_message_takes_all_examples_and_refuses_another_type(payload: type[Payload]) -> None:
    message = MESSAGES[payload.event_type]
    schema = resolved(message["payload"]["$ref"])
    del schema["$schema"]  # in AsyncAPI it is read in the dialect of AsyncAPI's own schemas, which is draft 7
    Draft7Validator.check_schema(schema)
    resource = Resource.from_contents(schema, default_specification=DRAFT7)
    validator = Draft7Validator(schema, registry=Registry().with_resource(schema["$id"], resource))
    examples = [json.loads(path.read_bytes()) for path in example_files(payload.event_type)]
    assert message["examples"] == [{"name": payload.event_type, "payload": examples[0]}]
    assert all(validator.is_valid(example) for example in examples)
    assert not validator.is_valid(examples[0] | {"type": "order.forgotten.v1"})


def example_files(event_type: str) -> list[Path]:
    return sorted((WORKSPACE / EXAMPLES / event_type).glob("*.json"))
