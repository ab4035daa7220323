"""What the pusher, its calls and its policies need of whatever is submitted: a quantity or a price of one listing."""

import dataclasses as dc
import datetime as dt
import enum
from typing import Any, Generic, Protocol, Self, TypeVar

from contracts import AnyEvent, CloudEvent, Payload

from connector_sdk.attempts.asked import Asked
from connector_sdk.marketplace_clock import ClockReading


class Submission(Protocol):
    """A revision of one SKU on its way. `attempts` counts this submission, `failures` those in a row before it."""

    @property
    def sku(self) -> str: ...

    @property
    def external_sku(self) -> str: ...

    @property
    def revision(self) -> int: ...

    @property
    def attempts(self) -> int: ...

    @property
    def failures(self) -> int: ...

    @property
    def submitted_at(self) -> dt.datetime | None: ...

    @property
    def cause_correlation_id(self) -> str | None: ...

    @property
    def cause_traceparent(self) -> str | None: ...

    @property
    def asked(self) -> Asked:
        """What is kept of each attempt at it."""
        ...

    def traced(self, traceparent: str | None) -> Self:
        """The same, so that what follows from it is in that trace."""
        ...

    def having_failed(self, failures: int) -> Self:
        """The same with so many failures."""
        ...


P = TypeVar("P", bound=Submission)
P_contra = TypeVar("P_contra", bound=Submission, contravariant=True)


def cause_of(event_id: str, correlation_id: str | None, traceparent: str | None) -> AnyEvent:
    """The target's event, as far as the causes of new events need it."""
    known: dict[str, Any] = {"id": event_id, "correlationid": correlation_id, "traceparent": traceparent}
    return CloudEvent[Payload].model_construct(**known)


class State(enum.StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    LIVE = "live"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    UNSUPPORTED = "unsupported"
    """Of a price only."""


@dc.dataclass(frozen=True, slots=True)
class Answered(Generic[P]):
    """What a finished call makes of its row, unless a newer revision has come meanwhile."""

    push: P
    state: State
    failures: int
    reached: bool
    error: str | None
    next_attempt_at: dt.datetime
    closed: bool = False
    """The outcome is unknown, and it must not be submitted a second time under this revision."""
    clock: ClockReading | None = None
