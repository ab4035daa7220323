"""`python -m amazon_connector.notifications.subscribe <ARN of the queue>`: have Amazon send its notifications there.

What is there already is left as it is, so it may be run as often as one likes. Destinations belong to the application
and want a token without a seller; subscriptions belong to the seller.
"""

import asyncio
import datetime as dt
import re
import sys
from collections.abc import Mapping
from typing import Any

import httpx
from connector_sdk.http import build_client
from connector_sdk.marketplace import MarketplaceError
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.alias_generators import to_camel
from runtime.settings import load

from amazon_connector.auth import AccessToken
from amazon_connector.client import USER_AGENT
from amazon_connector.notifications.words import FEED_PROCESSING_FINISHED, ORDER_CHANGE, REPORT_PROCESSING_FINISHED
from amazon_connector.settings import Settings

_ROOT = "/notifications/v1"
_DESTINATION = "mizan"
_SCOPE = "sellingpartnerapi::notifications"
_ARN = re.compile(r"arn:aws:sqs:[^\s:]+:\d+:[\w-]+")
VERSIONS = {
    ORDER_CHANGE: "1.0",
    FEED_PROCESSING_FINISHED: "2020-09-04",
    REPORT_PROCESSING_FINISHED: "2020-09-04",
}
"""What goes to SQS, each with its payload's version: that of the example in its schema (selling-partner-api-models)."""


class SubscribeError(Exception):
    """It did not work; the message says what to do."""


class _Payload(BaseModel, alias_generator=to_camel):
    destination_id: str


class _Answer(BaseModel):
    payload: _Payload


class _Sqs(BaseModel):
    arn: str


class _Resource(BaseModel):
    sqs: _Sqs | None = None


class _Destination(_Payload):
    resource: _Resource


class _Destinations(BaseModel):
    payload: tuple[_Destination, ...] = ()


class Subscriber:
    """`own` is the application's token, `sellers` the seller's."""

    def __init__(self, http: httpx.AsyncClient, own: AccessToken, sellers: AccessToken) -> None:
        self._http = http
        self._own = own
        self._sellers = sellers

    async def subscribe(self, arn: str) -> list[str]:
        """Returns a line about each thing that is there now.

        Raises:
            SubscribeError, MarketplaceError, httpx.HTTPError: Amazon did not do it.
        """
        destination_id = (await self.destinations()).get(arn) or await self.create_destination(arn)
        told = [f"destination {destination_id}: {arn}"]
        for kind, version in VERSIONS.items():
            other = await self.destination_of(kind, version)
            if other is None:
                await self.create_subscription(kind, version, destination_id)
            elif other != destination_id:
                raise SubscribeError(f"{kind} goes to the destination {other}: delete that subscription first")
            told.append(f"{kind}: {'subscribed' if other is None else 'was subscribed already'}")
        return told

    async def destinations(self) -> dict[str, str]:
        """`getDestinations`: the id of each queue's destination."""
        answer = _good(await self._ask(self._own, "GET", "destinations"))
        known = _Destinations.model_validate_json(answer.content).payload
        return {each.resource.sqs.arn: each.destination_id for each in known if each.resource.sqs}

    async def create_destination(self, arn: str) -> str:
        """`createDestination`. Returns its id."""
        body = {"name": _DESTINATION, "resourceSpecification": {"sqs": {"arn": arn}}}
        answer = _good(await self._ask(self._own, "POST", "destinations", body=body))
        return _Answer.model_validate_json(answer.content).payload.destination_id

    async def destination_of(self, kind: str, version: str) -> str | None:
        """`getSubscription`: where the seller's notifications of this type go; None: nowhere."""
        answer = await self._ask(self._sellers, "GET", f"subscriptions/{kind}", query={"payloadVersion": version})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _Answer.model_validate_json(_good(answer).content).payload.destination_id

    async def create_subscription(self, kind: str, version: str, destination_id: str) -> None:
        """`createSubscription`."""
        body = {"payloadVersion": version, "destinationId": destination_id}
        _good(await self._ask(self._sellers, "POST", f"subscriptions/{kind}", body=body))

    async def _ask(
        self,
        of: AccessToken,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        token = (await of.get()).get_secret_value()
        headers = {"x-amz-access-token": token, "x-amz-date": dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")}
        return await self._http.request(method, f"{_ROOT}/{path}", params=query, json=body, headers=headers)


def build_subscriber(settings: Settings, http: httpx.AsyncClient) -> Subscriber:
    application = {"client_id": settings.amazon_client_id, "client_secret": settings.amazon_client_secret}
    grantless = {"grant_type": SecretStr("client_credentials"), "scope": SecretStr(_SCOPE)}
    sellers = {"refresh_token": settings.amazon_refresh_token}
    url = settings.amazon_lwa_url
    return Subscriber(
        http,
        AccessToken(http, url, lambda: application | grantless),
        AccessToken(http, url, lambda: application | sellers),
    )


def _good(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise SubscribeError(f"Amazon answers {response.status_code} to {response.request.method} {response.url.path}")
    return response


async def _run(arn: str) -> None:
    settings = load(Settings)
    if missing := settings.credentials.missing:
        raise SubscribeError(f"set {', '.join(missing)}: what was sent to the connector is not read here")
    async with build_client(settings.endpoint, USER_AGENT) as http:
        for line in await build_subscriber(settings, http).subscribe(arn):
            sys.stdout.write(f"{line}\n")


def main(arguments: list[str]) -> int:
    """Exit code 0: subscribed. 1: Amazon did not do it. 2: wrong use."""
    if len(arguments) != 1 or not _ARN.fullmatch(arguments[0]):
        sys.stderr.write("subscribe: name the queue, such as arn:aws:sqs:eu-west-1:123456789012:orders\n")
        return 2
    try:
        asyncio.run(_run(arguments[0]))
    except (SubscribeError, MarketplaceError, httpx.HTTPError, ValidationError) as error:
        reason = "an answer that can't be read" if isinstance(error, ValidationError) else str(error)
        sys.stderr.write(f"subscribe: {reason or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
