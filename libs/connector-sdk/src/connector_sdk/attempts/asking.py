"""Asking a connector what it tried, as the command does."""

from collections.abc import Mapping
from typing import Any

import httpx
from runtime.service_client import RefusedError, ServiceClient, WrongUseError, connector

_PAGE = 1000


def read_attempts(
    environment: Mapping[str, str], channel: str, wanted: Mapping[str, str], most: int
) -> list[dict[str, Any]]:
    """The newest first. Reads <CHANNEL>_CONNECTOR_URL and API_KEY.

    Raises:
        WrongUseError: they are missing, or what is wanted can't be.
        RefusedError: there is no answer.
    """
    found: list[dict[str, Any]] = []
    place: dict[str, Any] = {}
    with ServiceClient(connector(channel), environment) as client:
        while len(found) < most:
            page = _page(client, {**wanted, **place, "limit": min(_PAGE, most - len(found))})
            found += page["attempts"]
            if page["next"] is None:
                break
            place = {"before": page["next"]}
    return found


def _page(client: ServiceClient, parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        page: dict[str, Any] = client.call("GET", "/v1/attempts", params=parameters)
    except RefusedError as error:
        if error.status == httpx.codes.UNPROCESSABLE_ENTITY:
            raise WrongUseError(str(error)) from None
        raise
    return page


def as_line(attempt: Mapping[str, Any]) -> str:
    """One attempt for people."""
    subject = attempt["external_sku"] or f"{attempt['external_order_id']}/{attempt['package_id']}"
    price = f"{attempt['price']} {attempt['currency']}" if attempt["price"] else None
    asked = attempt["quantity"] if attempt["quantity"] is not None else price
    said = "; ".join(f"{issue['code']}: {issue['message']}" for issue in attempt["issues"])
    parts = (
        attempt["started_at"],
        attempt["kind"],
        subject,
        f"revision {attempt['revision']}",
        asked,
        attempt["transport"],
        attempt["outcome"] if attempt["ended_at"] else "under way",
        attempt["http_status"],
        attempt["request_id"],
        said,
    )
    return "\t".join(str(part) for part in parts if part not in (None, ""))
