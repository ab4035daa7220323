"""From bytes to events: which topic may carry which types, and how they are read."""

import functools
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError, create_model
from pydantic_core import from_json

from contracts.envelope import AnyEvent, CloudEvent, Payload
from contracts.topics import BY_NAME


class InvalidEventError(ValueError):
    """The bytes are no event of this topic. The message says what is wrong, in one line and without their content."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@functools.cache
def event_class(payload: type[Payload]) -> type[CloudEvent[Any]]:
    """The class of events that carry `payload`. It is kept: pydantic holds a parametrised class only weakly.

    Without a reference the garbage collector takes it, and the next event has to build it anew, in milliseconds.
    """
    return CloudEvent[payload]  # type: ignore[valid-type]  # a class chosen at run time


@functools.cache
def adapter(payload: type[Payload]) -> TypeAdapter[Any]:
    """Validator of a whole event that carries `payload`."""
    return TypeAdapter(event_class(payload))


_Head = create_model("_Head", type=(str, ...))
_HEAD: TypeAdapter[Any] = TypeAdapter(_Head)


@functools.cache
def _payloads(topic: str) -> dict[str, type[Payload]]:
    return {payload.event_type: payload for payload in BY_NAME[topic].payloads}


def parse(topic: str, value: bytes | None) -> AnyEvent:
    """Read one record's value.

    Raises:
        InvalidEventError: with the reason `not-json`, `unknown-type` or `invalid-event`.
    """
    record = value or b""
    payloads = _payloads(topic)
    try:
        event: AnyEvent = adapter(_payload_of(record, payloads)).validate_json(record)
    except ValidationError as error:
        raise _invalid(error, record, payloads) from None
    return event


def _payload_of(record: bytes, payloads: dict[str, type[Payload]]) -> type[Payload]:
    """The class to read `record` as. Where a topic has only one, no time is spent on a look at the type."""
    if len(payloads) == 1:
        return next(iter(payloads.values()))
    event_type = _HEAD.validate_json(record).type
    if event_type not in payloads:
        raise _unknown_type(payloads)
    return payloads[event_type]


def _unknown_type(payloads: Iterable[str]) -> InvalidEventError:
    return InvalidEventError("unknown-type", f"on this topic the type is {' or '.join(sorted(payloads))}")


def _invalid(error: ValidationError, record: bytes, payloads: Iterable[str]) -> InvalidEventError:
    try:
        document = from_json(record)
    except ValueError as cause:
        return InvalidEventError("not-json", str(cause))
    event_type = document.get("type") if isinstance(document, dict) else None
    if isinstance(event_type, str) and event_type not in payloads:
        return _unknown_type(payloads)
    details = error.errors(include_url=False, include_context=False, include_input=False)
    first = "; ".join(f"{'.'.join(map(str, d['loc'])) or 'event'}: {d['msg']}" for d in details[:3])
    return InvalidEventError("invalid-event", first)
