"""What every connector reads from its environment besides its credentials."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict
from runtime.settings import ServiceSettings

from connector_sdk.credentials.vault import Vault
from connector_sdk.pushes import Patience
from connector_sdk.rhythm import Rhythm

Rate = Annotated[float, Field(gt=0, le=10_000)]
Burst = Annotated[int, Field(ge=1, le=10_000)]
Concurrency = Annotated[int, Field(ge=1, le=256)]
Seconds = Annotated[float, Field(gt=0)]


def _is_known_or_sent_later(written: SecretStr, info: ValidationInfo) -> SecretStr:
    key = info.data.get("credentials_key")
    if key is not None and not key.get_secret_value() and not written.get_secret_value():
        raise PydanticCustomError("missing", "set it, or set CREDENTIALS_KEY and send it to PUT /v1/credentials")
    return written


Credential = Annotated[SecretStr, Field(validate_default=True), AfterValidator(_is_known_or_sent_later)]
"""Required, unless there is a key (`CREDENTIALS_KEY`) that it can be kept with once it is sent."""


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
    search_rate_per_second: Rate = 2.0
    """Searches a second, each of many listings: who looks listings up and who reconciles share them."""
    reconcile_seconds: Seconds = 3600.0
    """From the start of one comparison of all listings with what the marketplace shows to the start of the next."""
    reconcile_confirm_seconds: Seconds = 60.0
    """What the marketplace shows too little of is believed when a second reading so much later says so too."""
    shipment_rate_per_second: Rate = 2.0
    """Confirmations of parcels a second, by a token bucket of their own."""
    shipment_burst: Burst = 10
    fees_seconds: Seconds = 86_400.0
    """How old an estimate of fees may get before it is asked for again."""
    fee_rate_per_second: Rate = 0.5
    """Calls for estimates a second."""
    attempts_kept_days: Annotated[float, Field(gt=0, le=3650)] = 30.0
    """For how long each attempt at a write can be looked up."""
    credentials_key: SecretStr = SecretStr("")
    """Seals stored credentials. Several with commas: the first seals, all of them open."""
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

    feed_threshold: Annotated[int, Field(ge=0)] = 1000
    """Due listings above which raises go by feed, where the marketplace has feeds."""
    feed_stuck_seconds: Seconds = 3600.0
    """How long a feed may wait, or be processed, before it is cancelled or given up."""
    feed_poll_seconds: Seconds = 15.0
    feed_pause_seconds: Seconds = 120.0
    """Between the openings of two feeds."""
    listings_by_report_above: Annotated[int, Field(ge=0)] = 1000
    """Listings above which a report tells which there are, where the marketplace has reports."""
    report_poll_seconds: Seconds = 30.0
    report_stuck_seconds: Seconds = 3600.0
    """How long a report is waited for."""
    report_pause_seconds: Seconds = 1800.0
    """Between the requests of two reports."""

    @field_validator("credentials_key")
    @classmethod
    def _is_a_key(cls, written: SecretStr) -> SecretStr:
        Vault.of(written)
        return written

    @property
    def patience(self) -> Patience:
        return Patience(dt.timedelta(seconds=self.live_ceiling_seconds), dt.timedelta(seconds=self.read_back_seconds))

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(
            dt.timedelta(seconds=self.reconcile_seconds),
            dt.timedelta(seconds=self.reconcile_confirm_seconds),
            dt.timedelta(seconds=self.live_ceiling_seconds),
        )
