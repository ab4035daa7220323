"""What every connector reads from its environment besides its credentials."""

import datetime as dt
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from runtime.settings import ServiceSettings

from connector_sdk.pushes import Patience

Rate = Annotated[float, Field(gt=0, le=10_000)]
Burst = Annotated[int, Field(ge=1, le=10_000)]
Concurrency = Annotated[int, Field(ge=1, le=256)]
Seconds = Annotated[float, Field(gt=0)]


class ConnectorSettings(ServiceSettings):
    """Knobs of the loops. A connector names those that differ between marketplaces with its own prefix."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True, populate_by_name=True)

    push_rate_per_second: Rate = 5.0
    push_burst: Burst = 5
    push_concurrency: Concurrency = 8
    quarantine_after: Annotated[int, Field(ge=1)] = 10
    """Failures in a row after which a listing is set aside and tried only now and then."""
    live_ceiling_seconds: Seconds = 600.0
    """From accepted to live at the longest: then a quantity is taken as live without evidence."""
    read_back_seconds: Seconds = 60.0
    """From accepted to the first reading of what the marketplace shows, and between two readings."""
    read_rate_per_second: Rate = 2.0
    withdraw_after_seconds: Seconds = 30.0
    """After so long a quantity above zero that can't be submitted is withdrawn: paused, refused, quarantined."""
    order_poll_seconds: Seconds = 180.0
    order_overlap_seconds: Annotated[float, Field(ge=0)] = 600.0
    """How far a search reaches back behind the one before it: orders may show up late."""
    order_first_read_hours: Seconds = 72.0
    """How far back the very first search reaches."""
    order_fetch_rate_per_second: Rate = 0.5
    order_fetch_burst: Burst = 30
    """For the call that reads one order, as often as notifications ask for it."""
    order_notified_within_seconds: Seconds = 900.0
    """After so long an order that a search found counts as one that no notification told of."""
    order_open_days: Seconds = 30.0
    """How long an open order keeps the window of a search by creation open, where there is none by last update."""

    @property
    def patience(self) -> Patience:
        return Patience(dt.timedelta(seconds=self.live_ceiling_seconds), dt.timedelta(seconds=self.read_back_seconds))
