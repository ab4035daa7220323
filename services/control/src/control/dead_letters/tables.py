"""Dead letters for people."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def counts(kinds: Sequence[Mapping[str, Any]]) -> Table | str:
    """One row for each kind of letter."""
    if not kinds:
        return "no open dead letters"
    table = Table("topic", "group", "reason", "count", "oldest")
    for kind in kinds:
        table.add_row(*(str(kind[name] or "") for name in ("topic", "group", "reason", "count", "oldest")))
    return table


def pages(letters: Sequence[Mapping[str, Any]]) -> str:
    """Each letter with its headers, then its value as it is, or set out in lines where it is JSON."""
    return "\n\n".join(_page(letter) for letter in letters)


def _page(letter: Mapping[str, Any]) -> str:
    lines = [f"{letter['topic']} for {letter['group']}, offset {letter['offset']}, key {letter['key'] or '(none)'}"]
    lines += [f"  {name}: {said}" for name, said in letter["headers"].items()]
    return "\n".join([*lines, _value(letter)])


def _value(letter: Mapping[str, Any]) -> str:
    if "value_base64" in letter:
        return f"(bytes, in base64) {letter['value_base64']}"
    value = letter["value"]
    try:
        return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
    except (TypeError, ValueError):
        return "(no value)" if value is None else str(value)
