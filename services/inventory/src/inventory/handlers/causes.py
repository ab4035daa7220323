"""The event that led to what is done later, kept in a few words and made an event again."""

from typing import Any

from contracts import AnyEvent, CloudEvent, Payload
from runtime.work import Work, correlation_of

from inventory.domain.stock import Cause


def cause_of(event: AnyEvent, work: Work) -> Cause:
    return Cause(event.id, correlation_of(event), work.traceparent_of(event))


def event_of(cause: Cause) -> AnyEvent:
    """An event as far as the causes of new ones need it."""
    known: dict[str, Any] = {
        "id": cause.event_id,
        "correlationid": cause.correlation_id,
        "traceparent": cause.traceparent,
    }
    return CloudEvent[Payload].model_construct(**known)
