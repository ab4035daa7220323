"""Kafka records as this project handles them: raw, then decoded."""

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from contracts import CloudEvent, Payload

DataT_co = TypeVar("DataT_co", bound=Payload, covariant=True)


@dc.dataclass(frozen=True, slots=True)
class Record:
    """A raw record. `topic` is the logical name, without the cluster's prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]


@dc.dataclass(frozen=True, slots=True)
class Delivery(Generic[DataT_co]):
    """A record together with the event that was read from it."""

    record: Record
    event: CloudEvent[DataT_co]

    @property
    def data(self) -> DataT_co:
        return self.event.data


def readable_headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Headers as text. A missing value becomes empty and bytes that are not UTF-8 are marked, never refused."""
    return {name: (value or b"").decode("utf-8", "replace") for name, value in headers}


def from_kafka(raw: Any, prefix: str) -> Record:  # noqa: ANN401 - aiokafka's ConsumerRecord is untyped
    """Take over what aiokafka received, whatever it holds: nothing here may fail."""
    return Record(
        topic=raw.topic.removeprefix(prefix),
        partition=raw.partition,
        offset=raw.offset,
        key=raw.key,
        value=raw.value,
        headers=readable_headers(raw.headers),
    )
