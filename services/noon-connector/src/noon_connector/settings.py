"""What the Noon connector reads from its environment."""

from typing import Annotated

from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.settings import Burst, Concurrency, ConnectorSettings, Credential, Rate, Seconds
from pydantic import Field, SecretStr, field_validator

PARTNER_V1 = "partner_v1"

CREDENTIALS = ("NOON_PARTNER_ID", "NOON_API_KEY", "NOON_SECRET_KEY")


class Settings(ConnectorSettings):
    """The default rate is well below the 1500 calls a minute that Noon documents for most endpoints."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8003
    push_rate_per_second: Rate = Field(20.0, alias="NOON_PUSH_RATE")
    push_burst: Burst = Field(20, alias="NOON_PUSH_BURST")
    push_concurrency: Concurrency = Field(8, alias="NOON_PUSH_CONCURRENCY")
    live_ceiling_seconds: Seconds = Field(60.0, alias="NOON_LIVE_CEILING_SECONDS")
    order_poll_seconds: Seconds = Field(60.0, alias="NOON_ORDER_POLL_SECONDS")

    noon_order_visibility_seconds: Annotated[float, Field(ge=0)] = 120.0
    """How late Noon may show an order. It publishes no figure; two minutes is what Amazon publishes of its own."""

    noon_dialect: str = PARTNER_V1
    noon_partner_id: Credential = SecretStr("")
    noon_api_key: Credential = SecretStr("")
    noon_secret_key: Credential = SecretStr("")
    noon_api_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] = "https://api.noon.partners/v1"

    @property
    def credentials(self) -> Credentials:
        """Those of the environment; what is missing can be sent later."""
        return Credentials({name: getattr(self, name.lower()) for name in CREDENTIALS})

    @field_validator("noon_dialect")
    @classmethod
    def _is_served(cls, dialect: str) -> str:
        if dialect != PARTNER_V1:
            raise ValueError(f"{dialect!r} is not served by this version: leave it unset or set {PARTNER_V1}")
        return dialect
