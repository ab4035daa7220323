"""What only the inventory needs to know."""

from typing import Annotated

from pydantic import Field
from runtime.settings import ServiceSettings

from inventory.domain.allocation import Mode, Policy

Percent = Annotated[int, Field(ge=0, le=100)]


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
        )
