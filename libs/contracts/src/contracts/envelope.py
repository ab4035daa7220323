"""The CloudEvents 1.0 envelope (JSON structured mode) around every event, and the base of what it carries."""

import abc
import datetime as dt
import uuid
from typing import Annotated, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import Field, model_validator

from contracts.types import Moment, Value


class Payload(Value, abc.ABC):
    """What an event says. A subclass names its type and computes its subject."""

    event_type: ClassVar[str]
    """The CloudEvents `type`: the topic and a version, such as `stock.changed.v1`."""

    @property
    @abc.abstractmethod
    def subject(self) -> str | None:
        """The key of the Kafka record: events with one subject keep their order. None: no key, explicit partition."""


DataT_co = TypeVar("DataT_co", bound=Payload, covariant=True)
WrappedT = TypeVar("WrappedT", bound=Payload)
EventId = Annotated[str, Field(min_length=1, max_length=256)]


class CloudEvent(Value, Generic[DataT_co]):
    """One event as it goes over the wire.

    `id` is the idempotency key: whoever sees it twice acts once. `correlationid` is the id of the first cause,
    `causationid` that of the direct cause.
    """

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    """Unique: the idempotency key."""
    source: Annotated[str, Field(min_length=1)]
    """The service that says it, such as `/inventory`."""
    type: Annotated[str, Field(min_length=1)]
    """What the event is; decides the shape of `data`."""
    subject: str | None = None
    """The record's key."""
    time: Moment
    """When the event was written."""
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: str | None = None
    """The id of the first cause."""
    causationid: str | None = None
    """The id of the direct cause."""
    traceparent: str | None = None
    """W3C Trace Context."""
    data: DataT_co

    @model_validator(mode="after")
    def _type_matches_data(self) -> Self:
        if self.type != self.data.event_type:
            raise ValueError(f"the type of an event with this data is {self.data.event_type!r}")
        return self

    @classmethod
    def wrap(  # noqa: PLR0913 - the envelope simply has that many attributes, all by keyword
        cls,
        data: WrappedT,
        *,
        source: str,
        time: dt.datetime,
        event_id: str | None = None,
        correlation_id: str | None = None,
        causation_id: str | None = None,
        traceparent: str | None = None,
    ) -> "CloudEvent[WrappedT]":
        """Put `data` into an envelope. Without an id it gets a new one and so can't be recognised when sent again."""
        return cls(  # type: ignore[return-value]  # `cls` is CloudEvent of whatever `data` is
            id=event_id or str(uuid.uuid4()),
            source=source,
            type=data.event_type,
            subject=data.subject,
            time=time,
            correlationid=correlation_id,
            causationid=causation_id,
            traceparent=traceparent,
            data=data,
        )

    def to_bytes(self) -> bytes:
        """The record's value: JSON, UTF-8, attributes that are not set left out."""
        return self.model_dump_json(exclude_none=True).encode()


AnyEvent = CloudEvent[Payload]
