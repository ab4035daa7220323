"""What stands in the workspace or in the code and is declared in no topic."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.envelope import Payload
from contracts.json_schemas import payloads
from contracts.topics import all_topics
from contracts.workspace import ASYNCAPI, EXAMPLES, RELEASED_EXAMPLES

NOBODY = "no topic carries this event: delete it, or name its class in contracts.topics"


def orphans(root: Path) -> list[str]:
    """Examples, channels and event classes that no topic carries, a line each with what to do."""
    return [*_examples(root), *_channels(root), *_classes()]


def _examples(root: Path) -> Iterator[str]:
    declared = {payload.event_type for payload in payloads()} | {RELEASED_EXAMPLES.name}
    for path in sorted((root / EXAMPLES).glob("*")):
        if path.name not in declared:
            yield f"{EXAMPLES / path.name}: {NOBODY}"


def _channels(root: Path) -> Iterator[str]:
    declared = {topic.name for topic in all_topics()}
    document = json.loads((root / ASYNCAPI).read_bytes()) if (root / ASYNCAPI).is_file() else {}
    for name in document.get("channels", ()):
        if name not in declared:
            yield f"{ASYNCAPI}: no topic {name} in contracts.topics: run python -m contracts.generate"


def _classes() -> Iterator[str]:
    """Events that are defined in this package, so that somebody may send them, and that nobody can receive."""
    for payload in undeclared(Payload.__subclasses__()):
        if payload.__module__.startswith("contracts."):
            yield f"{payload.__module__}.{payload.__name__}: {NOBODY}"


def undeclared(classes: Iterable[type[Payload]]) -> Iterator[type[Payload]]:
    """Those of `classes`, and of the classes below them, that have an event type and that no topic carries."""
    for payload in classes:
        if "event_type" in vars(payload) and payload not in payloads():
            yield payload
        yield from undeclared(payload.__subclasses__())
