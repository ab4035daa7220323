"""Records and deliveries as they would come from Kafka."""

import datetime as dt
import itertools
from typing import TypeVar

from contracts import CloudEvent, Payload, topic_of

from runtime.records import Delivery, Record

DataT = TypeVar("DataT", bound=Payload)

_offsets = itertools.count()
_NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def record_of(topic: str, value: bytes | None, *, key: bytes | None = None, offset: int | None = None) -> Record:
    return Record(topic, 0, next(_offsets) if offset is None else offset, key, value, {})


def deliver(
    data: DataT, *, event_id: str | None = None, source: str = "/test", time: dt.datetime = _NOON
) -> Delivery[DataT]:
    """A delivery of `data`, with an envelope around it."""
    event: CloudEvent[DataT] = CloudEvent.wrap(data, source=source, time=time, event_id=event_id)
    return Delivery(record_of(topic_of(type(data)), event.to_bytes(), key=key_of(data)), event)


def key_of(data: Payload) -> bytes | None:
    return data.subject.encode() if data.subject is not None else None
