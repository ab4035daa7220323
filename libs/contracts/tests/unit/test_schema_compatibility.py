"""Which changes of a schema its readers survive, and which not."""

import copy
import json
from typing import Any

import pytest
from contracts import Payload
from contracts.compatibility import breaking_changes
from contracts.json_schemas import event_schema, payloads

Schema = dict[str, Any]

PARCEL: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^[a-z]+$"},
        "units": {"type": "integer", "minimum": 1, "maximum": 5},
        "weight": {"type": "number", "default": 1.5},
        "state": {"$ref": "#/$defs/State"},
        "note": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}], "default": None},
        "sent_at": {"type": "string", "format": "date-time"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "minItems": 1, "maxItems": 3},
        "raw": {"type": "object", "additionalProperties": True},
        "prices": {"type": "object", "additionalProperties": {"type": "integer"}},
        "version": {"type": "string", "const": "1"},
    },
    "required": ["id", "units", "state"],
    "$defs": {
        "State": {"type": "string", "enum": ["new", "sent"]},
        "Line": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
    },
}
SHORTER = [{"type": "string", "minLength": 3, "maxLength": 8}, {"type": "string", "maxLength": 8}]
ID, UNITS, LINES = "properties.id", "properties.units", "properties.lines"


def changed(place: str, **keywords: object) -> Schema:
    """The parcel's schema with `keywords` set at `place`; None removes one."""
    schema = copy.deepcopy(PARCEL)
    target: Any = schema
    for step in filter(None, place.split(".")):
        target = target[int(step)] if isinstance(target, list) else target[step]
    target.update(keywords)
    for name in [name for name, value in keywords.items() if value is None]:
        del target[name]
    return schema


@pytest.mark.parametrize(
    ("current", "told"),
    [
        (changed("properties", weight=None), "event.weight: was removed or renamed"),
        (changed("properties", weight=None, mass={"type": "number"}), "event.weight: was removed or renamed"),
        (changed("$defs.Line.properties", sku=None), "event.lines[].sku: was removed or renamed"),
        (changed("", required=["id", "units", "state", "colour"]), "event.colour: is required now"),
        (changed("", required=["id", "units", "state", "note"]), "event.note: is required now"),
        (changed("$defs.Line", required=["sku", "title"]), "event.lines[].title: is required now"),
        (changed(ID, type="integer"), "event.id: the type was string and is integer"),
        (changed("properties.weight", type="integer"), "event.weight: the type was number and is integer"),
        (changed("properties.note", anyOf=[{"type": "string", "maxLength": 9}]), "event.note: no longer takes null"),
        (changed("properties", note={"type": "string", "default": None}), "event.note: no longer takes null"),
        (changed("properties.note.anyOf.0", maxLength=8), "event.note: maxLength was 9 and is 8"),
        (changed("properties.note", anyOf=[*SHORTER, {"type": "null"}]), "event.note: maxLength was 9 and is 8"),
        (changed("properties.note", maxLength=5), "event.note: maxLength was not stated and is 5"),
        (changed(UNITS, anyOf=[{"type": "integer"}], minimum=2), "event.units: minimum was 1 and is 2"),
        (changed("$defs.State", enum=["new"]), "event.state: no longer takes 'sent'"),
        (changed(ID, enum=["a"]), "event.id: took any value and now takes only ['a']"),
        (changed("properties.version", const="2"), "event.version: no longer takes '1'"),
        (changed(ID, minLength=2), "event.id: minLength was 1 and is 2"),
        (changed(ID, maxLength=8), "event.id: maxLength was 9 and is 8"),
        (changed("properties.raw", minProperties=1), "event.raw: minProperties was not stated and is 1"),
        (changed(UNITS, minimum=2), "event.units: minimum was 1 and is 2"),
        (changed(UNITS, maximum=4), "event.units: maximum was 5 and is 4"),
        (changed("properties.weight", minimum=0), "event.weight: minimum was not stated and is 0"),
        (changed(LINES, minItems=2), "event.lines: minItems was 1 and is 2"),
        (changed(LINES, maxItems=2), "event.lines: maxItems was 3 and is 2"),
        (changed(ID, pattern="^[a-c]+$"), "event.id: pattern was ^[a-z]+$ and is ^[a-c]+$"),
        (changed("properties.note.anyOf.0", pattern="x"), "event.note: pattern was not stated and is x"),
        (changed(ID, format="uuid"), "event.id: format was not stated and is uuid"),
        (changed(UNITS, multipleOf=2), "event.units: multipleOf was not stated and is 2"),
        (changed("properties.weight", default=2.5), "event.weight: the default was 1.5 and is 2.5"),
        (changed("properties.weight", default=None), "event.weight: the default was 1.5 and is None"),
        (changed("", additionalProperties=False), "event: refuses unknown fields now"),
        (changed("properties.raw", additionalProperties={"type": "string"}), "event.raw.*: the type was any"),
        (changed("properties.prices.additionalProperties", minimum=0), "event.prices.*: minimum was not stated"),
        (changed("properties.raw", properties={"a": {}}), "event.raw: took fields of any name and now knows them"),
        (changed("", allOf=[{"required": ["note"]}]), "event: a rule between its fields is new or changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_that_breaks_readers_is_told(current: Schema, told: str) -> None:
    found = breaking_changes(PARCEL, current)
    assert len(found) == 1
    assert found[0].startswith(told)


@pytest.mark.parametrize(
    "current",
    [
        pytest.param(changed("properties", colour={"type": "string", "default": "red"}), id="new optional field"),
        pytest.param(changed("", required=["id"]), id="a field is no longer required"),
        pytest.param(changed("$defs.State", enum=["lost", "sent", "new"]), id="wider enum"),
        pytest.param(changed("$defs.State", enum=None), id="an enum becomes an open string"),
        pytest.param(changed(UNITS, type="number"), id="integer becomes number"),
        pytest.param(changed(UNITS, minimum=0, maximum=6), id="wider bounds of a number"),
        pytest.param(changed(UNITS, minimum=None, maximum=None), id="no bounds of a number"),
        pytest.param(changed(ID, minLength=0, maxLength=10), id="wider bounds of a length"),
        pytest.param(changed(LINES, minItems=None, maxItems=4), id="wider bounds of a list"),
        pytest.param(changed("properties.raw", minProperties=0), id="a bound that bounds nothing"),
        pytest.param(changed(ID, pattern=None), id="no pattern"),
        pytest.param(changed("properties.sent_at", format=None), id="no format"),
        pytest.param(
            changed("properties", id={"anyOf": [PARCEL["properties"]["id"], {"type": "null"}]}), id="nullable"
        ),
        pytest.param(changed("properties.version", const=None, enum=["1", "2"]), id="a constant becomes an enum"),
        pytest.param(changed("properties.prices", additionalProperties=True), id="values of a map of any type"),
        pytest.param(changed(ID, title="Id", description="Other words."), id="words only"),
        pytest.param(changed("properties", state=PARCEL["$defs"]["State"]), id="a definition written in place"),
    ],
)
def test_a_change_that_readers_survive_is_not_told(current: Schema) -> None:
    assert breaking_changes(PARCEL, current) == []


def test_all_breaking_changes_are_told_at_once() -> None:
    current = changed("properties", weight=None, note=None)
    assert len(breaking_changes(PARCEL, current)) == 2


def test_a_default_matters_only_where_the_field_may_be_left_out() -> None:
    released = changed("", required=[*PARCEL["required"], "weight"])
    current = copy.deepcopy(released)
    current["properties"]["weight"]["default"] = 9
    assert breaking_changes(released, current) == []


def test_definitions_that_contain_themselves_are_refused() -> None:
    schema = {"$ref": "#/$defs/Tree", "$defs": {"Tree": {"properties": {"leaf": {"$ref": "#/$defs/Tree"}}}}}
    with pytest.raises(ValueError, match="Tree contains itself"):
        breaking_changes(schema, schema)


@pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.event_type)
def test_every_schema_is_compatible_with_itself_and_with_neither_more_nor_fewer_required_fields(
    payload: type[Payload],
) -> None:
    schema = event_schema(payload)
    assert breaking_changes(schema, schema) == []
    stricter = copy.deepcopy(schema)
    stricter["$defs"][payload.__name__]["required"].append("colour")
    assert breaking_changes(schema, stricter) == ["event.data.colour: is required now, and released events may lack it"]
    assert breaking_changes(stricter, schema) == []


def stock_with_reason(condition: str) -> Schema:
    """The schema of `stock.changed.v1` with one more reason, `found`, tested beside `condition`."""
    schema = next(event_schema(payload) for payload in payloads() if payload.event_type == "stock.changed.v1")
    grown: Schema = json.loads(json.dumps(schema))
    grown["$defs"]["StockReason"]["enum"].append("found")
    for rule in grown["$defs"]["StockChanged"]["allOf"]:
        tested = rule["if"]["properties"]["reason"]["enum"]
        tested += ["found"] if condition in tested else []
    assert grown != schema
    assert breaking_changes(schema, grown) == []
    return grown


def test_a_rule_may_be_widened_to_a_value_that_was_never_written() -> None:
    grown = stock_with_reason("restock")
    rule = {"if": {"properties": {"reason": {"enum": ["found"]}}}, "then": {"required": ["reference"]}}
    more = copy.deepcopy(grown)
    more["$defs"]["StockChanged"]["allOf"].append(rule)
    released = next(event_schema(payload) for payload in payloads() if payload.event_type == "stock.changed.v1")
    assert breaking_changes(released, more) == []
    rule["if"]["properties"]["reason"]["enum"] = ["found", "sale"]  # type: ignore[index]  # a JSON document
    assert len(breaking_changes(released, more)) == 1
