"""Of two schemas that pass for compatible, the newer takes all that the older takes and that its writers write."""

import itertools
from typing import Any

from contracts.compatibility import breaking_changes
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

Schema = dict[str, Any]

SMALL = st.integers(0, 3)
NUMBER = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])}, optional={"minimum": SMALL, "maximum": SMALL}
)
STRING = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": SMALL,
        "maxLength": SMALL,
        "enum": st.lists(st.sampled_from(["", "a", "ab"]), min_size=1, max_size=3, unique=True),
        "const": st.sampled_from(["", "a"]),
        "pattern": st.sampled_from(["^a", "b$"]),
    },
)
ONE = st.one_of(NUMBER, STRING, st.just({"type": "null"}), st.just({"type": "boolean"}))
UNION = st.fixed_dictionaries({"anyOf": st.lists(ONE, min_size=1, max_size=3)}, optional={"minimum": SMALL})
ARRAY = st.fixed_dictionaries({"type": st.just("array")}, optional={"items": ONE, "minItems": SMALL, "maxItems": SMALL})
LEAF = st.one_of(ONE, UNION, ARRAY)
OBJECT = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("ab"), LEAF)},
    optional={
        "required": st.lists(st.sampled_from("ab"), unique=True),
        "additionalProperties": st.booleans(),
    },
)

PLAIN: list[Any] = [None, True, 0, 1, 2.5, 4, "", "a", "ab", "abc", "b"]
LEAVES = [*PLAIN, *([first] for first in PLAIN), [], [0, 1], ["a", "ab", ""], ["a"] * 4]
OBJECTS = [
    {name: value for name, value in zip("ab", values, strict=True) if value != "absent"}
    for values in itertools.product([*PLAIN, [], ["a"], "absent"], repeat=2)
]


def written_but_refused(old: Schema, new: Schema, values: list[Any]) -> list[Any]:
    """The values that the older schema takes and the newer does not, if the two pass for compatible."""
    if breaking_changes(old, new):
        return []
    before, now = Draft202012Validator(old), Draft202012Validator(new)
    return [value for value in values if before.is_valid(value) and not now.is_valid(value)]


@settings(max_examples=300, deadline=None)
@given(LEAF, LEAF)
def test_plain_values_lists_and_unions(old: Schema, new: Schema) -> None:
    assert written_but_refused(old, new, LEAVES) == []


@settings(max_examples=300, deadline=None)
@given(
    LEAF, st.sampled_from(["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]), st.none() | SMALL
)
def test_one_bound_changed(old: Schema, name: str, bound: int | None) -> None:
    new = {key: value for key, value in old.items() if key != name} | ({} if bound is None else {name: bound})
    assert written_but_refused(old, new, LEAVES) == []


@settings(max_examples=300, deadline=None)
@given(OBJECT, OBJECT, st.booleans())
def test_objects_with_the_fields_that_their_writers_know(old: Schema, new: Schema, same_fields: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    grown = new | {"properties": new["properties"] | old["properties"]} if same_fields else new
    known = [value for value in OBJECTS if value.keys() <= old["properties"].keys()]
    assert written_but_refused(old, grown, known) == []
