"""What the Amazon connector reads from its environment."""

import re
from typing import Annotated, Literal

from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.settings import Burst, Concurrency, ConnectorSettings, Credential, Rate, Seconds
from pydantic import Field, SecretStr, ValidationInfo, field_validator

CREDENTIALS = ("AMAZON_CLIENT_ID", "AMAZON_CLIENT_SECRET", "AMAZON_REFRESH_TOKEN", "AMAZON_SELLER_ID")
EGYPT = "ARBP9OOSHTCHU"
EMIRATES = "A2VIGQ35RCS4UG"
_HOSTS = {"eu-west-1": "eu", "us-east-1": "na", "us-west-2": "fe"}

_QUEUE_REGION = re.compile(r"^https?://sqs[.]([a-z0-9-]+)[.]amazonaws[.]")

_Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


class Settings(ConnectorSettings):
    """Rates are Amazon's published ones for patchListingsItem (5 a second) and searchOrders (one in 179 s).

    The burst is one less than the published 5: calls that catch up with each other on their way must not be throttled.
    """

    port: Annotated[int, Field(ge=1, le=65535)] = 8002
    push_rate_per_second: Rate = Field(5.0, alias="AMAZON_PUSH_RATE")
    push_burst: Burst = Field(4, alias="AMAZON_PUSH_BURST")
    push_concurrency: Concurrency = Field(8, alias="AMAZON_PUSH_CONCURRENCY")
    live_ceiling_seconds: Seconds = Field(600.0, alias="AMAZON_LIVE_CEILING_SECONDS")
    read_rate_per_second: Rate = Field(2.0, alias="AMAZON_READ_RATE")
    search_rate_per_second: Rate = Field(2.0, alias="AMAZON_SEARCH_RATE")
    order_poll_seconds: Seconds = Field(180.0, alias="AMAZON_ORDER_POLL_SECONDS")
    order_fetch_rate_per_second: Rate = Field(0.5, alias="AMAZON_ORDER_FETCH_RATE")
    order_fetch_burst: Burst = Field(30, alias="AMAZON_ORDER_FETCH_BURST")

    amazon_client_id: Credential = SecretStr("")
    amazon_client_secret: Credential = SecretStr("")
    amazon_refresh_token: Credential = SecretStr("")
    amazon_seller_id: Credential = SecretStr("")
    amazon_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "EG"
    amazon_marketplace_id: Annotated[str, Field(pattern=r"^[A-Z0-9]+$", validate_default=True)] = EGYPT
    amazon_region: Literal["eu-west-1", "us-east-1", "us-west-2"] = "eu-west-1"
    """Amazon's name for the part of the world; Egypt is in Europe's."""
    amazon_endpoint: _Url | None = None
    """Stands in for the region's own host."""
    amazon_lwa_url: _Url = "https://api.amazon.com/auth/o2/token"

    amazon_sqs_queue_url: _Url | None = None
    """The queue to which Amazon sends notifications; without one orders are found by searching alone."""
    aws_region: Annotated[str, Field(validate_default=True)] = ""
    """Of the queue; needed where its URL does not name it."""

    @property
    def credentials(self) -> Credentials:
        """Those of the environment; what is missing can be sent later."""
        return Credentials({name: getattr(self, name.lower()) for name in CREDENTIALS})

    @property
    def sqs_region(self) -> str:
        """As AWS_REGION says, else as the queue's URL does."""
        named = _QUEUE_REGION.match(self.amazon_sqs_queue_url or "")
        return self.aws_region or (named.group(1) if named else "")

    @property
    def endpoint(self) -> str:
        """Where the API is: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""
        return self.amazon_endpoint or f"https://sellingpartnerapi-{_HOSTS[self.amazon_region]}.amazon.com"

    @field_validator("aws_region")
    @classmethod
    def _has_region(cls, region: str, info: ValidationInfo) -> str:
        url = info.data.get("amazon_sqs_queue_url")
        if url and not region and not _QUEUE_REGION.match(url):
            raise ValueError("AMAZON_SQS_QUEUE_URL does not name its region: set AWS_REGION, such as eu-west-1")
        return region

    @field_validator("amazon_marketplace_id")
    @classmethod
    def _is_meant(cls, marketplace_id: str, info: ValidationInfo) -> str:
        if marketplace_id == EMIRATES and info.data.get("amazon_country") != "AE":
            raise ValueError(
                f"{EMIRATES} is the United Arab Emirates; Egypt is {EGYPT}. "
                "To work on the Emirates' marketplace set AMAZON_COUNTRY=AE"
            )
        return marketplace_id
