"""What only the inventory needs to know."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator
from runtime.settings import ServiceSettings

from inventory.domain.allocation import Mode, Policy
from inventory.domain.escrow import Escrow, Memory
from inventory.domain.measured import measured
from inventory.domain.price_rules import PriceDefaults, PriceSettings
from inventory.domain.pricing import Rounding
from inventory.domain.terms import Channel, Terms

Percent = Annotated[int, Field(ge=0, le=100)]
FeePercent = Annotated[Decimal, Field(ge=0, lt=100, decimal_places=4)]
Amount = Annotated[Decimal, Field(ge=0, decimal_places=2)]
Seconds = Annotated[float, Field(ge=0)]


class StorefrontMode(enum.StrEnum):
    """`report`: the storefront only tells what it has sold. `reserve`: it asks before it sells."""

    REPORT = "report"
    RESERVE = "reserve"


class Settings(ServiceSettings):
    port: Annotated[int, Field(ge=1, le=65535)] = 8001
    allocation_mode: Mode = Mode.DEFAULT
    saberstore_stock_percentage: Percent = 30
    amazon_stock_percentage: Percent = 35
    noon_stock_percentage: Percent = 35
    buffer_percent: Percent = 5
    buffer_units: Annotated[int, Field(ge=0)] = 0
    last_units: Annotated[int, Field(ge=0)] = 0
    last_units_channel: str = "saberstore"
    escrow: Escrow = Escrow.STRICT
    storefront_mode: StorefrontMode = StorefrontMode.REPORT
    storefront_lag_seconds: Seconds = 5
    storefront_margin_seconds: Seconds = 2
    reservation_grace_seconds: Seconds = 30
    rebalance_window_seconds: Seconds = 2
    converge_after_seconds: Seconds = 21600
    first_reading_seconds: Seconds = 120
    retry_after_seconds: Seconds = 300
    amazon_settle_seconds: Seconds = 600
    noon_settle_seconds: Seconds = 180
    amazon_restocks_on_cancel: bool = True
    noon_restocks_on_cancel: bool = True
    put_back_seconds: Annotated[float, Field(ge=0, le=1800)] = 60
    pace_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300
    measured_tail: Annotated[float, Field(gt=0, lt=1)] = 0.001
    amazon_fee_percent: FeePercent = Decimal(15)
    noon_fee_percent: FeePercent = Decimal(15)
    prices_include_vat: bool = False
    price_rounding_step: Annotated[Amount, Field(gt=0)] = Decimal("0.01")
    price_rounding_ending: Amount = Decimal(0)
    price_channels: str = "amazon"
    """Comma-separated: the channels whose connector writes prices."""
    price_wait_seconds: Seconds = 900
    """So long the share of a listing that waits for its price is kept for it."""

    @model_validator(mode="after")
    def _ending_is_below_step(self) -> Self:
        if self.price_rounding_ending >= self.price_rounding_step:
            raise ValueError("PRICE_ROUNDING_ENDING must be below PRICE_ROUNDING_STEP: for .99 the step is 1")
        return self

    def policy(self) -> Policy:
        """The rule of allocation; the channels' order breaks ties."""
        return Policy(
            weights={
                "saberstore": self.saberstore_stock_percentage,
                "amazon": self.amazon_stock_percentage,
                "noon": self.noon_stock_percentage,
            },
            storefront="saberstore",
            mode=self.allocation_mode,
            buffer_percent=self.buffer_percent,
            buffer_units=self.buffer_units,
            last_units=self.last_units,
            last_units_channel=self.last_units_channel,
            price_first=self.channels_with_prices(),
        )

    def grace(self) -> dt.timedelta:
        """So long after its expiry a reservation still holds its units."""
        return _seconds(self.reservation_grace_seconds)

    def terms(self) -> Terms | None:
        """How units are moved under escrow; None: quantities are written without it."""
        if self.escrow is Escrow.OFF:
            return None
        reserves = self.storefront_mode is StorefrontMode.RESERVE
        terms = Terms(
            storefront="saberstore",
            channels={
                "saberstore": Channel(_seconds(2 * self.storefront_lag_seconds), restocks=not reserves),
                "amazon": Channel(_seconds(self.amazon_settle_seconds), self.amazon_restocks_on_cancel),
                "noon": Channel(_seconds(self.noon_settle_seconds), self.noon_restocks_on_cancel),
            },
            window=_seconds(self.rebalance_window_seconds),
            storefront_lag=_seconds(self.storefront_lag_seconds),
            memory=Memory(put_back=_seconds(self.put_back_seconds), pace=_seconds(self.pace_seconds)),
            storefront_is_followed=True,
            storefront_margin=_seconds(self.storefront_margin_seconds),
            converge_after=_seconds(self.converge_after_seconds),
            first_reading=_seconds(self.first_reading_seconds),
            price_wait=_seconds(self.price_wait_seconds),
            retry_after=_seconds(self.retry_after_seconds),
            shares=self.policy().weights,
            reclaim=reserves,
        )
        return measured(terms, self.measured_tail) if self.escrow is Escrow.MEASURED else terms

    def price_defaults(self) -> PriceDefaults:
        """What holds for prices where no rule sets anything; the storefront charges the base price."""
        rounding = Rounding(self.price_rounding_step, self.price_rounding_ending)
        fees = {"amazon": self.amazon_fee_percent, "noon": self.noon_fee_percent}
        marketplaces = {
            channel: PriceSettings(fee_percent=fee, vat_included=self.prices_include_vat, rounding=rounding)
            for channel, fee in fees.items()
        }
        return PriceDefaults({"saberstore": PriceSettings(fee_percent=Decimal(0)), **marketplaces}, "saberstore")

    def channels_with_prices(self) -> frozenset[str]:
        """Where a listing waits for its price; the storefront's own shelf never does."""
        names = {part.strip() for part in self.price_channels.split(",")}
        return frozenset(names - {"", "saberstore"})


def _seconds(seconds: float) -> dt.timedelta:
    return dt.timedelta(seconds=seconds)
