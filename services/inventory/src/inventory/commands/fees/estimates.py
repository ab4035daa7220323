"""What a connector shows of its marketplace's fees, as commands use it."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from inventory.commands.client import RefusedError, WrongUseError

USUAL_URLS = {"amazon": "http://127.0.0.1:8002", "noon": "http://127.0.0.1:8003"}
_TIMEOUT_SECONDS = 30.0
_PAGE = 1000


def read_estimates(environment: Mapping[str, str], channel: str) -> Iterator[dict[str, Any]]:
    """Every estimate of a channel, by SKU. Reads <CHANNEL>_CONNECTOR_URL and API_KEY.

    Raises:
        WrongUseError: the connector's address or the key is missing, or its API estimates no fees.
        RefusedError: it did not answer, or not with what was asked for.
    """
    variable = f"{channel.upper()}_CONNECTOR_URL"
    url = environment.get(variable, "").strip() or USUAL_URLS.get(channel, "")
    key = environment.get("API_KEY", "").strip()
    if not url.startswith(("http://", "https://")):
        raise WrongUseError(f"set {variable} to the address of the connector of {channel!r}")
    if not key:
        raise WrongUseError("set API_KEY to a key that the connector knows")
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=_TIMEOUT_SECONDS) as http:
        after = ""
        while page := _page(http, f"{url} ({variable})", after):
            yield from page
            after = page[-1]["sku"]


def _page(http: httpx.Client, where: str, after: str) -> list[dict[str, Any]]:
    try:
        answer = http.get("/v1/fees", params={"after": after, "limit": _PAGE})
    except httpx.TransportError as error:
        raise RefusedError(f"no answer from {where}: {type(error).__name__}") from None
    if not answer.is_success:
        raise RefusedError(f"{where} answered {answer.status_code}")
    body = answer.json()
    if not body["supported"]:
        raise WrongUseError(f"the API of {body['channel']!r} estimates no fees: set them by a price rule")
    fees: list[dict[str, Any]] = body["fees"]
    return fees
