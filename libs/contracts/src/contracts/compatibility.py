"""Whether readers of today's JSON Schema still understand what was written under a released one."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_FLOOR = {"minLength": 0, "minItems": 0, "minProperties": 0}
_NUMBERS = {"integer", "number"}
_NO_MEANING = {"$defs", "$id", "$schema", "$comment", "title", "description", "examples", "deprecated"}
_OWN_RULE = {"type", "const", "enum", "anyOf", "allOf", "properties", "required", "additionalProperties", "items"}
_JUDGED = {*_NO_MEANING, *_OWN_RULE, *_LOWER, *_UPPER, "default"}


def breaking_changes(released: Schema, current: Schema) -> list[str]:
    """What of `current` refuses or misreads an event that `released` allows, a line each; empty: compatible.

    Cautious: a change that no rule can judge (a pattern, a format, a condition between fields) counts as breaking.

    Raises:
        ValueError: a definition contains itself.
    """
    return [*_changes(_inlined(released, released), _inlined(current, current), "event")]


def _inlined(schema: Any, root: Schema, within: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - any JSON
    """The schema with each `$ref` replaced by what it refers to."""
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return [_inlined(each, root, within) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain = {key: _inlined(value, root, within) for key, value in schema.items() if key not in {"$ref", "$defs"}}
    if "$ref" not in schema:
        return plain
    name = schema["$ref"].removeprefix("#/$defs/")
    if name in within:
        raise ValueError(f"{name} contains itself, which this comparison can't follow")
    return {**_inlined(root["$defs"][name], root, (*within, name)), **plain}


def _changes(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if "anyOf" in old or "anyOf" in new:
        yield from _branches(old, new, path)
        return
    for rule in (_type, _values, _bounds, _unjudged, _conditions, _fields, _unknown_fields, _items):
        yield from rule(old, new, path)


def _branches(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Each released alternative must be understood by one of today's; a missing one is told by the nearest."""
    for branch in old.get("anyOf", [old]):
        same_kind = [each for each in new.get("anyOf", [new]) if not [*_type(branch, each, path)]]
        if not same_kind:
            yield f"{path}: no longer takes {branch.get('type', 'any type')}"
            continue
        yield from min(([*_changes(branch, each, path)] for each in same_kind), key=len)
    if "anyOf" in new:
        yield from _changes(_beside_any_of(old), _beside_any_of(new), path)


def _beside_any_of(schema: Schema) -> Schema:
    """What holds for every alternative."""
    return {key: value for key, value in schema.items() if key != "anyOf"}


def _type(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, now = old.get("type"), new.get("type")
    if now not in {None, before} and not (now == "number" and before in _NUMBERS):
        yield f"{path}: the type was {before or 'any'} and is {now}"


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, now = _allowed(old), _allowed(new)
    if now is None:
        return
    if before is None:
        yield f"{path}: took any value and now takes only {now}"
        return
    gone = [value for value in before if value not in now]
    if gone:
        yield f"{path}: no longer takes {', '.join(map(repr, gone))}"


def _allowed(schema: Schema) -> list[Any] | None:
    """The values that the schema lists; None where it lists none."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[str]:
    higher = [name for name in _LOWER if name in new and new[name] > old.get(name, _FLOOR.get(name, -math.inf))]
    lower = [name for name in _UPPER if name in new and new[name] < old.get(name, math.inf)]
    for name in (*higher, *lower):
        yield _was_and_is(old, new, name, path)


def _was_and_is(old: Schema, new: Schema, name: str, path: str) -> str:
    return f"{path}: {name} was {old.get(name, 'not stated')} and is {new[name]}"


def _unjudged(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Patterns, formats and whatever else: to drop one is safe, to add or change one can't be judged by rule."""
    for name in sorted(new.keys() - _JUDGED):
        if new[name] != old.get(name):
            yield _was_and_is(old, new, name, path)


def _conditions(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Rules between fields: each of today's must be a released one, as far as it concerns released values."""
    before = [_for_released(rule, old) for rule in old.get("allOf", ())]
    for rule in new.get("allOf", ()):
        narrowed = _for_released(rule, old)
        if narrowed is not None and narrowed not in before:
            yield f"{path}: a rule between its fields is new or changed: {rule}"


def _for_released(rule: Schema, old: Schema) -> Schema | None:
    """The rule with its test reduced to values that could be written; None if it then says nothing."""
    tests = rule.get("if", {}).get("properties", {})
    reduced = {field: _reduced(test, old.get("properties", {}).get(field, {})) for field, test in tests.items()}
    if "else" not in rule and any(test.get("enum") == [] for test in reduced.values()):
        return None
    return rule if not tests else {**rule, "if": {**rule["if"], "properties": reduced}}


def _reduced(test: Schema, field: Schema) -> Schema:
    known = _allowed(field)
    return test if known is None or "enum" not in test else {**test, "enum": [v for v in test["enum"] if v in known]}


def _fields(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, now = old.get("properties", {}), new.get("properties", {})
    for name in [name for name in new.get("required", ()) if name not in old.get("required", ())]:
        yield f"{path}.{name}: is required now, and released events may lack it"
    for name, field in before.items():
        if name not in now:
            yield f"{path}.{name}: was removed or renamed"
            continue
        yield from _changes(field, now[name], f"{path}.{name}")
        if {name}.isdisjoint([*old.get("required", ()), *new.get("required", ())]):
            yield from _default(field, now[name], f"{path}.{name}")


def _default(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """What an event means that leaves the field out."""
    if old.get("default") != new.get("default"):
        yield f"{path}: the default was {old.get('default')!r} and is {new.get('default')!r}"


def _unknown_fields(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if now is False and before is not False:
        yield f"{path}: refuses unknown fields now"
    elif "additionalProperties" in old and "properties" in new and "properties" not in old:
        yield f"{path}: took fields of any name and now knows them"
    elif isinstance(now, Mapping) and before is not False:
        yield from _changes({} if before is True else before, now, f"{path}.*")


def _items(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if "items" in new:
        yield from _changes(old.get("items", {}), new["items"], f"{path}[]")
