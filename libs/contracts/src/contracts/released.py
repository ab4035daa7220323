"""What was released: frozen schemas and examples that today's readers must still understand."""

import importlib.metadata
import json
from pathlib import Path

from contracts.compatibility import breaking_changes
from contracts.json_schemas import event_schema, payloads
from contracts.registry import InvalidEventError, parse
from contracts.topics import TOPICS
from contracts.workspace import EXAMPLES, RELEASED_EXAMPLES, RELEASED_SCHEMAS, SCHEMAS, schema_file

_SUFFIX = schema_file("")
_GONE = "was released and no topic carries it: put it back, or delete its released files if none is left to read"
_INCOMPATIBLE = "readers of released events would fail, take it back or make it a new version"


def incompatible(root: Path) -> list[str]:
    """Each way in which the code's readers fail on what was released, a line each."""
    return [*_incompatible_schemas(root), *_unreadable_examples(root)]


def freeze(root: Path) -> list[Path]:
    """Make the committed schemas and examples the released ones; return the files that were written.

    A released example stays for ever beside its successors, under the version that released it.

    Raises:
        FileExistsError: this version released another example under the same name.
    """
    version = importlib.metadata.version("mizan-contracts")
    wanted = {RELEASED_SCHEMAS / path.name: path.read_bytes() for path in (root / SCHEMAS).glob("*.json")}
    for payload in payloads():
        wanted |= _new_examples(root, payload.event_type, version)
    changed = [path for path, content in wanted.items() if _content(root / path) != content]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(wanted[path])
    return sorted(changed)


def _new_examples(root: Path, event_type: str, version: str) -> dict[Path, bytes]:
    folder = RELEASED_EXAMPLES / event_type
    known = {path.read_bytes() for path in (root / folder).glob("*.json")}
    current = {path.name: path.read_bytes() for path in (root / EXAMPLES / event_type).glob("*.json")}
    new = {folder / f"{version}-{name}": content for name, content in current.items() if content not in known}
    for path in new:
        if (root / path).exists():
            raise FileExistsError(f"{path} was released: raise the version in libs/contracts/pyproject.toml")
    return new


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _incompatible_schemas(root: Path) -> list[str]:
    current = {payload.event_type: payload for payload in payloads()}
    found = []
    for path in sorted((root / RELEASED_SCHEMAS).glob(f"*{_SUFFIX}")):
        event_type = path.name.removesuffix(_SUFFIX)
        if event_type not in current:
            found.append(f"{event_type}: {_GONE}")
            continue
        changes = breaking_changes(json.loads(path.read_bytes()), event_schema(current[event_type]))
        found += [f"{event_type}: {_INCOMPATIBLE}: {change}" for change in changes]
    return found


def _unreadable_examples(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: was released and can't be read any more: {reason}"
        for topic in TOPICS
        for payload in topic.payloads
        for path in sorted((root / RELEASED_EXAMPLES / payload.event_type).glob("*.json"))
        if (reason := _refusal(topic.name, path.read_bytes()))
    ]


def _refusal(topic: str, record: bytes) -> str | None:
    try:
        parse(topic, record)
    except InvalidEventError as error:
        return str(error)
    return None
