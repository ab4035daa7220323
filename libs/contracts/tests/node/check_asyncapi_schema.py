"""asyncapi.json satisfies the official JSON Schema of AsyncAPI 3.0.0, which comes from npm.

Node.js is no prerequisite of `make test`, so pytest finds this file only when it is named: `make typescript` does.
"""

import copy
import json
from typing import Any

import pytest
from contracts.workspace import ASYNCAPI, TYPESCRIPT, WORKSPACE
from jsonschema import Draft7Validator

SPECIFICATION = (WORKSPACE / TYPESCRIPT).parent / "node_modules/@asyncapi/specs/schemas/3.0.0.json"
DOCUMENT: dict[str, Any] = json.loads((WORKSPACE / ASYNCAPI).read_bytes())


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(SPECIFICATION.read_bytes()))


def test_the_document_is_valid(official: Draft7Validator) -> None:
    assert [error.message for error in official.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("asyncapi",), "2.6.0"),
        (("info", "version"), None),
        (("channels", "stock.changed", "address"), 1),
        (("channels", "stock.changed", "bindings", "kafka", "partitions"), 0),
        (("operations", "inventory.receive.stock.changed", "action"), "subscribe"),
        (("operations", "inventory.receive.stock.changed", "bindings", "kafka", "groupId"), "inventory"),
        (("components", "messages", "stock.changed.v1", "colour"), "red"),
        (("components", "messages", "dead-letter", "headers"), 1),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_a_planted_fault_is_found(official: Draft7Validator, place: tuple[str, ...], value: object) -> None:
    document = copy.deepcopy(DOCUMENT)
    target = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    assert not official.is_valid(document)
