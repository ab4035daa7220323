"""What a replay sends, as values. Offsets are per partition; a range is [start, end)."""

import dataclasses as dc
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from contracts import Topic
from contracts.replayed import REPLAYED_FROM

from control.running import WrongUseError


@dc.dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. A bound is an offset of each partition, or a moment."""

    topic: str
    since: int | dt.datetime | None = None
    until: int | dt.datetime | None = None
    sku: str | None = None

    def digest(self, cluster: str) -> str:
        """The same for the same request to the same cluster."""
        said = [self.topic, str(self.since), str(self.until), self.sku, cluster]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]


@dc.dataclass(slots=True)
class Part:
    """One partition. `next`: the first original not worked off; `tail`: copies lie at or after it, if not counted."""

    start: int
    end: int
    next: int
    tail: int
    sent: int = 0


@dc.dataclass(slots=True)
class Plan:
    """A replay and how far it got. The ends stay as they were at its start, so it never chases its own copies."""

    replay_id: str
    started_at: str
    parts: dict[int, Part]

    @property
    def total(self) -> int:
        return sum(part.end - part.start for part in self.parts.values())

    @property
    def done(self) -> int:
        return sum(part.next - part.start for part in self.parts.values())

    @property
    def sent(self) -> int:
        return sum(part.sent for part in self.parts.values())

    def to_json(self) -> str:
        return json.dumps(dc.asdict(self))

    @classmethod
    def from_json(cls, document: str) -> "Plan":
        """The plan that `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        told: dict[str, Any] = json.loads(document)
        parts = {int(number): Part(**part) for number, part in told["parts"].items()}
        return cls(told["replay_id"], told["started_at"], parts)


def bound(said: str | None, option: str) -> int | dt.datetime | None:
    """An offset or a moment.

    Raises:
        WrongUseError: it is neither.
    """
    if said is None:
        return None
    if said.isdecimal():
        return int(said)
    try:
        moment = dt.datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise WrongUseError(f"{option} {said!r}: give an offset, or a time with its zone such as 2026-11-22T08:00:00Z")
    return moment


def check_sku(topic: Topic, sku: str | None) -> None:
    """Pass if the topic can be narrowed down to a SKU, or none is given.

    Raises:
        WrongUseError: the topic's records are not keyed by SKU.
    """
    if sku is not None and topic.key.split(":")[-1] != "sku":
        raise WrongUseError(f"the key of {topic.name} is {topic.key}, not a SKU: leave --sku out")


def has_sku(topic: Topic, key: bytes | None, sku: str | None) -> bool:
    """Whether a record's key is about `sku`; without one every record is."""
    if sku is None:
        return True
    said = (key or b"").decode("utf-8", "replace")
    return (said.partition(":")[2] if ":" in topic.key else said) == sku


def is_covered(headers: Mapping[str, str], part: Part) -> bool:
    """Whether a record is a copy whose original lies in the range too.

    Such a copy is left out, or each replay from the start would double the topic.
    """
    origin = headers.get(REPLAYED_FROM, "")
    return origin.isdecimal() and part.start <= int(origin)
