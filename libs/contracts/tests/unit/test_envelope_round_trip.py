"""What a schema allows is read, and what is read comes back unchanged over the wire."""

import datetime as dt
import gc
import json
import weakref
from typing import Any

import pytest
from contracts import (
    AnyEvent,
    CloudEvent,
    InvalidEventError,
    OrdersWatermark,
    Payload,
    ProductChanged,
    StockChanged,
    event_class,
    parse,
    topic_of,
)
from contracts.json_schemas import event_schema, payloads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

Json = dict[str, Any]
NOW = dt.datetime(2026, 3, 5, 17, 44, 31, tzinfo=dt.UTC)
moments = st.datetimes(timezones=st.just(dt.UTC)).map(dt.datetime.isoformat)
decimals = st.decimals(-(10**13), 10**13, places=4).map(lambda number: format(number, "f"))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
free_objects = st.dictionaries(st.text(), st.recursive(scalars, st.lists, max_leaves=5), max_size=3)


def values(schema: Json, definitions: Json) -> st.SearchStrategy[Any]:
    """JSON values that `schema` allows; rules between fields (`allOf`) are the caller's."""
    if "$ref" in schema:
        return values(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    if "anyOf" in schema:
        return st.one_of([values(each, definitions) for each in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if schema["type"] == "array":
        items = values(schema["items"], definitions)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=2 + schema.get("minItems", 0))
    return objects(schema, definitions) if schema["type"] == "object" else scalar(schema)


def objects(schema: Json, definitions: Json) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return free_objects
    fields = {name: values(field, definitions) for name, field in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def scalar(schema: Json) -> st.SearchStrategy[Any]:
    if schema["type"] == "string":
        text = st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
        by_pattern = st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else text
        return {"date-time": moments, "decimal": decimals}.get(schema.get("format", ""), by_pattern)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "null": st.none(),
        "boolean": st.booleans(),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "integer": st.integers(schema.get("minimum"), schema.get("maximum", 2**63)),
    }
    return simple[schema["type"]]


def topic_for(payload: type[Payload]) -> str:
    return "stock.changed" if payload is OrdersWatermark else topic_of(payload)


@pytest.mark.parametrize(
    "payload", [each for each in payloads() if each is not StockChanged], ids=lambda payload: payload.event_type
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_the_schema_allows_is_read_and_comes_back_unchanged(payload: type[Payload], data: st.DataObject) -> None:
    schema = event_schema(payload)
    document = data.draw(values(schema, schema["$defs"]))
    topic = topic_for(payload)
    event = parse(topic, json.dumps(document).encode())
    assert event.type == payload.event_type
    assert parse(topic, event.to_bytes()) == event


optional_texts = st.none() | st.text(max_size=40)


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=64),
    st.integers(1, 1000),
    st.tuples(st.text(min_size=1, max_size=256), optional_texts, optional_texts, optional_texts),
    st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.timezones()),  # noqa: DTZ001 - bounds are naive by hypothesis' rule
)
def test_a_wrapped_event_comes_back_unchanged(
    sku: str, units: int, ids: tuple[str, str | None, str | None, str | None], time: dt.datetime
) -> None:
    sale = StockChanged.model_validate({"sku": sku, "reason": "sale", "change_qty": -units})
    event_id, first, cause, trace = ids
    event = CloudEvent.wrap(
        sale,
        source="/storefront",
        time=time,
        event_id=event_id,
        correlation_id=first,
        causation_id=cause,
        traceparent=trace,
    )
    back: AnyEvent = parse("stock.changed", event.to_bytes())
    assert back.model_dump() == event.model_dump()
    assert (back.id, back.correlationid, back.causationid, back.traceparent) == ids
    assert back.subject == back.data.subject == sku
    assert back.time == time.astimezone(dt.UTC)
    assert back.time.utcoffset() == dt.timedelta(0)


@settings(deadline=None)
@given(st.datetimes(), st.integers(-23, 23))
def test_any_moment_is_read_as_utc_or_refused(moment: dt.datetime, hours: int) -> None:
    stamped = moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours))).isoformat()
    product = {"sku": "A", "title": "ثلاجة"}
    event = {"id": "1", "source": "/storefront", "type": "product.changed.v1", "time": stamped, "data": product}
    try:
        assert parse("product.changed", json.dumps(event).encode()).time.utcoffset() == dt.timedelta(0)
    except InvalidEventError as error:
        assert error.detail.startswith("time:")  # noqa: PT017 - both outcomes are right, each with its own promise
        assert moment.year in {1, 9999}


def test_the_wire_is_utf_8_without_attributes_that_are_not_set() -> None:
    product = ProductChanged(sku="A", title="غسالة")
    value = CloudEvent.wrap(product, source="/storefront", time=NOW, event_id="1").to_bytes()
    assert "غسالة".encode() in value
    assert "correlationid" not in json.loads(value)
    assert json.loads(value)["time"] == "2026-03-05T17:44:31Z"


def test_events_without_an_id_get_different_ones() -> None:
    product = ProductChanged(sku="A", title="A")
    first, second = (CloudEvent.wrap(product, source="/storefront", time=NOW) for _ in range(2))
    assert first.id != second.id


def test_a_time_without_a_zone_is_refused_when_written() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        CloudEvent.wrap(ProductChanged(sku="A", title="A"), source="/storefront", time=NOW.replace(tzinfo=None))


def test_the_type_must_be_that_of_the_data() -> None:
    event = CloudEvent.wrap(ProductChanged(sku="A", title="A"), source="/storefront", time=NOW)
    with pytest.raises(ValidationError, match=r"the type of an event with this data is 'product\.changed\.v1'"):
        CloudEvent[ProductChanged].model_validate(event.model_dump() | {"type": "stock.changed.v1"})


def test_nulls_inside_a_free_object_survive() -> None:
    body = {"id": "1", "source": "/inventory", "type": "channel.price.target.v1", "time": "2026-03-05T17:44:31Z"}
    price = {"amount": "10.00", "currency": "EGP"}
    target = {"channel": "noon", "sku": "A", "external_sku": "B", "price": price, "revision": 1}
    told = body | {"data": target | {"explanation": {"cap": None, "steps": [{"floor": None}]}}}
    written = parse("channel.price.target", json.dumps(told).encode()).to_bytes()
    assert json.loads(written)["data"]["explanation"] == {"cap": None, "steps": [{"floor": None}]}


def test_the_class_of_an_event_outlives_a_garbage_collection() -> None:
    """Built anew it would take milliseconds, for each event that is published."""

    class Rare(Payload):
        event_type = "rare.v1"

    found = weakref.ref(event_class(Rare))
    gc.collect()
    assert found() is CloudEvent[Rare]
