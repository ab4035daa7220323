"""Rules and previews as lines for people."""

from typing import Any


def rule_lines(answer: dict[str, Any]) -> list[str]:
    """One line a rule, the most specific first."""
    order = list(answer["precedence"])
    rules = sorted(answer["rules"], key=lambda rule: (order.index(rule["scope"]), rule["name"]))
    if not rules:
        return ["no rules: the settings of the inventory hold everywhere"]
    return [f"{rule['name']}: {_where(rule)}: {_sets(rule['sets'])}" for rule in rules]


def preview_lines(answer: dict[str, Any]) -> list[str]:
    """What would change, in all and for each SKU shown."""
    lines = [f"{answer['changed']} of {answer['concerned']} SKUs concerned would change"]
    moved = {name: total for name, total in answer["totals"].items() if total["from"] != total["to"]}
    lines += [f"  {name}: {total['from']} -> {total['to']} units in all" for name, total in moved.items()]
    for change in answer["changes"]:
        parts = [f"{name} {_units(units)}" for name, units in change["channels"].items()]
        if any(change["unallocated"].values()):
            parts.append(f"unallocated {_units(change['unallocated'])}")
        lines.append(f"{change['sku']} ({change['available']} available): {', '.join(parts)}")
    if answer["next"] is not None:
        lines.append(f"more: go on with --after {answer['next']}")
    return lines


def _where(rule: dict[str, Any]) -> str:
    named = [f"{name} {rule[name]}" for name in ("sku", "category", "channel") if rule[name] is not None]
    return ", ".join(named) or "everywhere"


def _sets(sets: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in sorted(sets.items()))


def _value(value: Any) -> str:  # noqa: ANN401 - one value of any setting
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(inner)}" for name, inner in value.items()) + ")"
    return "none" if value is None else str(value)


def _units(units: dict[str, int]) -> str:
    return str(units["to"]) if units["from"] == units["to"] else f"{units['from']} -> {units['to']}"
