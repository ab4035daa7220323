"""Dead letters as they lie in Kafka."""

import base64
import dataclasses as dc
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from contracts import TOPICS, dead_letter_topic
from contracts import dead_letter as header
from runtime.records import readable_headers

from control.kafka_reading import Cluster, open_consumer, partitions_of, read_ranges
from control.topic_names import check_group, topic_named

Place = tuple[str, int, int]
"""Dead-letter topic (without the prefix), partition and offset: what a letter is known by."""


@dc.dataclass(frozen=True, slots=True)
class Letter:
    """`topic` is where the record was read from first; `place` is where the letter lies."""

    topic: str
    group: str
    place: Place
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]

    @property
    def reason(self) -> str:
        return self.headers.get(header.REASON, "")


@dc.dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters: those that fit everything that is not None."""

    topic: str | None = None
    group: str | None = None
    reason: str | None = None
    key: str | None = None
    offset: int | None = None

    def sources(self) -> dict[str, tuple[str, str]]:
        """Dead-letter topic -> (topic, group).

        Raises:
            WrongUseError: there is no such topic, or the group does not read it.
        """
        topics = TOPICS if self.topic is None else (topic_named(self.topic),)
        if self.topic is not None:
            check_group(topics[0], self.group)
        return {
            dead_letter_topic(topic.name, group): (topic.name, group)
            for topic in topics
            for group in topic.consumers
            if self.group in (None, group)
        }

    def fits(self, letter: Letter) -> bool:
        return (
            self.reason in (None, letter.reason)
            and (self.key is None or self.key.encode() == letter.key)
            and self.offset in (None, letter.place[2])
        )


async def read_letters(cluster: Cluster, wanted: Wanted) -> list[Letter]:
    """Every letter that fits, resolved or not, by topic and in the order in which they were written."""
    sources = wanted.sources()
    found: list[Letter] = []
    async with open_consumer(cluster) as consumer:
        places = await partitions_of(cluster, [cluster.prefix + name for name in sources])
        starts, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        async for place, records in read_ranges(consumer, {p: (starts[p], ends[p]) for p in places}):
            name = place.topic.removeprefix(cluster.prefix)
            letters = (_letter(name, *sources[name], record) for record in records)
            found += [letter for letter in letters if wanted.fits(letter)]
    return sorted(found, key=lambda letter: letter.place)


def _letter(name: str, topic: str, group: str, record: Any) -> Letter:  # noqa: ANN401 - aiokafka is untyped
    place = (name, record.partition, record.offset)
    return Letter(topic, group, place, record.key, record.value, readable_headers(record.headers))


def without(letters: Iterable[Letter], resolved: Collection[Place]) -> list[Letter]:
    return [letter for letter in letters if letter.place not in resolved]


def summary(letters: Iterable[Letter]) -> list[dict[str, Any]]:
    """`{topic, group, reason, count, oldest}` by topic, group and reason; `oldest` is the earliest first failure."""
    by_kind: dict[tuple[str, str, str], list[Letter]] = defaultdict(list)
    for letter in letters:
        by_kind[letter.topic, letter.group, letter.reason].append(letter)
    return [
        {"topic": topic, "group": group, "reason": reason, "count": len(kind), "oldest": _oldest(kind)}
        for (topic, group, reason), kind in sorted(by_kind.items())
    ]


def _oldest(letters: Sequence[Letter]) -> str | None:
    times = [letter.headers[header.FIRST_FAILURE] for letter in letters if header.FIRST_FAILURE in letter.headers]
    return min(times, default=None)


def shown(letter: Letter) -> dict[str, Any]:
    """The letter for people and programs: text where it is text, else `value_base64`."""
    _, partition, offset = letter.place
    about = {"topic": letter.topic, "group": letter.group, "partition": partition, "offset": offset}
    key = None if letter.key is None else letter.key.decode("utf-8", "replace")
    return about | {"key": key, "headers": dict(letter.headers)} | _value(letter.value)


def _value(value: bytes | None) -> dict[str, str | None]:
    if value is None:
        return {"value": None}
    try:
        return {"value": value.decode()}
    except UnicodeDecodeError:
        return {"value_base64": base64.b64encode(value).decode()}
