"""What can be made to go wrong, and how badly: the body of `PUT /_sandbox/faults`."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Rate = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Scale = Annotated[float, Field(ge=0, le=1_000_000)]


class FaultSettings(BaseModel):
    """Everything is off by default.

    `order_lag_s`, `live_delay_s`, `feed_s`, `report_s` and the published limits are in the sandbox's own seconds, of
    which `time_scale` pass in one real second. `latency_ms` and `down_s` are real time. Rates are shares from 0 to 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: Annotated[float, Field(ge=0, le=600_000)] = 0
    error_rate: Rate = 0
    """Share of calls answered with 500 or 503, half of them after they were carried out."""
    throttle_rate: Rate = 0
    """Share of calls answered with 429, whatever the limits say."""
    live_delay_s: tuple[Seconds, Seconds] = (0, 0)
    """The shortest and the longest time from an accepted write to the moment when buyers see it."""
    order_lag_s: Seconds = 0
    """How long an order is found by nobody after it was placed."""
    time_scale: Annotated[float, Field(gt=0, le=1_000_000)] = 1
    limit_scale: Scale | None = 0
    """The published limits are enforced multiplied by this; not at all when it is 0 or null."""
    duplicate_rate: Rate = 0
    """Share of orders that a page tells twice, and of pages that begin with the last order of the page before.

    Also of notifications that are sent twice.
    """
    reorder: bool = False
    """Whether the orders of a page, and notifications, come in no order."""
    down_s: Seconds = 0
    """From now on and for so long every call gets a 503 or a broken connection, and none is carried out."""

    unauthorised: bool = False
    """Whether every call is refused, as when an account's credentials are withdrawn; none is carried out."""
    lost_write_rate: Rate = 0
    """Share of accepted writes that never go live."""
    stale_searches: bool = False
    """Whether a search of listings shows the quantity from before the last change."""
    no_participation: bool = False
    """Whether the seller does not take part in the marketplace."""
    suspended: bool = False
    """Whether the seller's listings were set to inactive."""
    largest_page: Annotated[int, Field(ge=1)] | None = None
    """A page of orders or listings holds no more than this, whatever was asked for."""

    feed_s: tuple[Seconds, Seconds] = (10, 20)
    """How long a feed waits in the queue, and how long it is then processed."""
    feed_stuck: Literal["nowhere", "queue", "progress"] = "nowhere"
    """Where feeds stay for as long as this is set."""
    feed_fatal: bool = False
    """Whether a feed that comes to its end is FATAL instead, with the first half of its messages carried out."""
    feed_error_rate: Rate = 0
    """Share of a feed's messages that are refused, each with an issue."""

    report_s: tuple[Seconds, Seconds] = (10, 20)
    """How long a report waits in the queue, and how long it is then made."""
    report_end: Literal["DONE", "FATAL", "CANCELLED", "never"] = "DONE"
    """How a report ends."""
    report_fault: Literal["none", "missing_column", "cut", "no_gzip", "plain", "cp1252"] = "none"
    """What is wrong with a report's document, or unusual: not compressed, or in an encoding without Arabic letters."""
    report_rows: Annotated[int, Field(ge=0)] | None = None
    """A report leaves out all listings but the first so many."""
    report_stale: bool = False
    """Whether a report shows quantities from before the last change."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        shortest, longest = self.live_delay_s
        if shortest > longest:
            raise ValueError("live_delay_s must be [shortest, longest]")
        return self

    @property
    def order_lag(self) -> timedelta:
        """The lag in real time."""
        return timedelta(seconds=self.order_lag_s / self.time_scale)
