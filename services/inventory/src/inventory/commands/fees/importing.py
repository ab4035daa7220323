"""Which price rules follow from a marketplace's estimates: pure."""

import dataclasses as dc
import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_LONGEST_NAME = 64
_ALL = Decimal(100)


@dc.dataclass(slots=True)
class Plan:
    """`put`: rules to write, as the API takes them. `skipped`: by SKU, why its estimate was not used."""

    put: list[dict[str, Any]] = dc.field(default_factory=list)
    skipped: dict[str, str] = dc.field(default_factory=dict)
    unchanged: int = 0


def plan(
    estimates: Iterable[Mapping[str, Any]], rules: Iterable[Mapping[str, Any]], channel: str, max_age_seconds: float
) -> Plan:
    """One rule for each SKU of the channel, named for it. Nothing is written over a rule that somebody made by hand."""
    of_sku = {rule["sku"]: rule for rule in rules if rule["channel"] == channel and rule["sku"] is not None}
    made = Plan()
    for each in estimates:
        sku, found = each["sku"], of_sku.get(each["sku"])
        name, reason = rule_name(channel, sku), unusable(each, max_age_seconds)
        if reason is None and found and found["name"] != name:
            reason = f"the price rule {found['name']!r} speaks of it already: set its fees there"
        if reason is not None:
            made.skipped[sku] = reason
        elif found and _fees_of(found["sets"]) == _fees_of(_sets(each)):
            made.unchanged += 1
        else:
            made.put.append({"name": name, "sku": sku, "channel": channel, "sets": _sets(each)})
    return made


def rule_name(channel: str, sku: str) -> str:
    """The name of the rule of a SKU: with the SKU in it where it may stand in a name."""
    name = f"fees {channel} {sku}"
    if len(name) <= _LONGEST_NAME and "/" not in sku and sku.isprintable():
        return name
    return f"fees {channel} {hashlib.sha256(sku.encode()).hexdigest()[:16]}"


def unusable(estimate: Mapping[str, Any], max_age_seconds: float) -> str | None:
    """Why an estimate can't be used; None if it can."""
    found = estimate["estimate"]
    if found is None:
        return estimate["error"] or "there is no estimate yet"
    if found["age_seconds"] > max_age_seconds:
        return f"the estimate is {found['age_seconds'] // 3600} hours old" + (
            f" ({estimate['error']})" if estimate["error"] else ""
        )
    if Decimal(found["percent"]) >= _ALL:
        return f"fees of {found['percent']} % leave nothing of any price"
    return None


def _sets(estimate: Mapping[str, Any]) -> dict[str, Any]:
    return {"fee_percent": estimate["estimate"]["percent"], "fee_fixed": estimate["estimate"]["fixed"]}


def _fees_of(sets: Mapping[str, Any]) -> tuple[Decimal | None, ...]:
    return tuple(None if sets.get(name) is None else Decimal(sets[name]) for name in ("fee_percent", "fee_fixed"))
