"""From bytes to events: which topic may carry which types, and how they are read."""

import functools
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
def adapter(payload: type[Payload]) -> TypeAdapter[Any]:
    """Validator of a whole event that carries `payload`."""
    return TypeAdapter(CloudEvent[payload])  # type: ignore[valid-type]  # a class chosen at run time


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
    payloads = _payloads(topic)
    if len(payloads) == 1:
        return _validate(next(iter(payloads.values())), value or b"")
    event_type = _type_of(value or b"")
    if event_type not in payloads:
        raise InvalidEventError("unknown-type", f"{event_type!r} is none of {sorted(payloads)}")
    return _validate(payloads[event_type], value or b"")


def _type_of(value: bytes) -> str:
    try:
        return str(_HEAD.validate_json(value).type)
    except ValidationError as error:
        raise _invalid(error, value) from None


def _validate(payload: type[Payload], value: bytes) -> AnyEvent:
    try:
        event: AnyEvent = adapter(payload).validate_json(value)
    except ValidationError as error:
        raise _invalid(error, value) from None
    return event


def _invalid(error: ValidationError, value: bytes) -> InvalidEventError:
    try:
        from_json(value)
    except ValueError as cause:
        return InvalidEventError("not-json", str(cause))
    details = error.errors(include_url=False, include_context=False, include_input=False)
    first = "; ".join(f"{'.'.join(map(str, d['loc'])) or 'event'}: {d['msg']}" for d in details[:3])
    return InvalidEventError("invalid-event", first)
