"""What a connector shows of its marketplace's fees, as commands use it."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.service_client import ServiceClient, WrongUseError, connector

_PAGE = 1000


def read_estimates(environment: Mapping[str, str], channel: str) -> Iterator[dict[str, Any]]:
    """Every estimate of a channel, by SKU. Reads <CHANNEL>_CONNECTOR_URL and API_KEY.

    Raises:
        WrongUseError: the connector's address or the key is missing, or its API estimates no fees.
        RefusedError: it did not answer, or not with what was asked for.
    """
    with ServiceClient(connector(channel), environment) as client:
        after = ""
        while page := _page(client, after):
            yield from page
            after = page[-1]["sku"]


def _page(client: ServiceClient, after: str) -> list[dict[str, Any]]:
    body = client.call("GET", "/v1/fees", params={"after": after, "limit": _PAGE})
    if not body["supported"]:
        raise WrongUseError(f"the API of {body['channel']!r} estimates no fees: set them by a price rule")
    fees: list[dict[str, Any]] = body["fees"]
    return fees
