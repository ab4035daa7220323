"""The golden examples are what the readers and the schemas accept, and nothing is missing or left over."""

import json
from pathlib import Path
from typing import Any

import pytest
from contracts import TOPICS, parse
from contracts.json_schemas import payloads
from contracts.workspace import EXAMPLES, RELEASED_EXAMPLES, SCHEMAS, WORKSPACE
from jsonschema import Draft202012Validator

EVENT_TYPES = {payload.event_type for payload in payloads()}
FILES = sorted(path for path in (WORKSPACE / EXAMPLES).glob("*/*") if path.is_file())
PERSONAL = ("name", "buyer", "customer", "email", "phone", "mobile", "address", "street", "zip", "postal")

each_example = pytest.mark.parametrize("example", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def topics_of(example: Path) -> list[str]:
    return [t.name for t in TOPICS if example.parent.name in {payload.event_type for payload in t.payloads}]


def keys_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for each in value.values() for key in keys_of(each))]
    return [key for each in value for key in keys_of(each)] if isinstance(value, list) else []


@each_example
def test_every_topic_of_an_example_reads_it(example: Path) -> None:
    for topic in topics_of(example):
        event = parse(topic, example.read_bytes())
        assert event.type == example.parent.name
        assert event.subject == event.data.subject


@each_example
def test_an_example_satisfies_its_committed_schema(example: Path) -> None:
    schema = json.loads((WORKSPACE / SCHEMAS / f"{example.parent.name}.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert list(validator.iter_errors(json.loads(example.read_bytes()))) == []


@each_example
def test_an_example_comes_back_unchanged(example: Path) -> None:
    for topic in topics_of(example):
        event = parse(topic, example.read_bytes())
        assert parse(topic, event.to_bytes()) == event


@each_example
def test_what_is_written_is_what_the_example_holds(example: Path) -> None:
    event = parse(topics_of(example)[0], example.read_bytes())
    assert json.loads(event.to_bytes()) == json.loads(example.read_bytes())


@each_example
def test_unknown_fields_are_ignored_on_read(example: Path) -> None:
    document: dict[str, Any] = json.loads(example.read_bytes())
    grown = document | {"newattribute": 1, "data": document["data"] | {"new_field": {"deep": [None]}}}
    for lines in ("lines", "packages", "issues"):
        if lines in grown["data"]:
            grown["data"][lines] = [line | {"new_field": "x"} for line in grown["data"][lines]]
    topic = topics_of(example)[0]
    assert parse(topic, json.dumps(grown).encode()) == parse(topic, example.read_bytes())


@each_example
def test_an_example_holds_no_personal_data(example: Path) -> None:
    keys = {key.lower() for key in keys_of(json.loads(example.read_bytes()))} - {"carrier_name"}
    assert [key for key in keys if any(word in key for word in PERSONAL)] == []


def test_every_event_type_has_an_example_and_no_example_is_left_over() -> None:
    released = RELEASED_EXAMPLES.name
    assert {path.name for path in (WORKSPACE / EXAMPLES).iterdir() if path.name != released} == EVENT_TYPES
    assert {path.parent.name for path in FILES} == EVENT_TYPES


def test_examples_are_numbered_without_gaps() -> None:
    for event_type in EVENT_TYPES:
        names = [path.name for path in FILES if path.parent.name == event_type]
        assert [name[:3] for name in names] == [f"{number:02d}-" for number in range(1, len(names) + 1)]
        assert all(name.endswith(".json") for name in names)


def test_every_event_type_has_a_schema_and_no_schema_is_left_over() -> None:
    found = {path.name for path in (WORKSPACE / SCHEMAS).iterdir() if path.is_file()}
    assert found == {f"{each}.schema.json" for each in EVENT_TYPES}


def test_ids_of_examples_are_unique() -> None:
    ids = [json.loads(path.read_bytes())["id"] for path in FILES]
    assert len(set(ids)) == len(ids)
