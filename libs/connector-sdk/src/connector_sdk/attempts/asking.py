"""Asking a connector what it tried, as the command does."""

import contextlib
from collections.abc import Mapping
from typing import Any

import httpx

_USUAL_URLS = {"amazon": "http://127.0.0.1:8002", "noon": "http://127.0.0.1:8003"}
_TIMEOUT_SECONDS = 30.0
_PAGE = 1000


class AskingError(Exception):
    """The connector can't be asked, or did not answer with what was asked for; the message says what to do."""

    def __init__(self, detail: str, *, is_wrong_use: bool = False) -> None:
        super().__init__(detail)
        self.is_wrong_use = is_wrong_use


def read_attempts(
    environment: Mapping[str, str], channel: str, wanted: Mapping[str, str], most: int
) -> list[dict[str, Any]]:
    """The newest first. Reads <CHANNEL>_CONNECTOR_URL and API_KEY.

    Raises:
        AskingError: they are missing, or there is no answer.
    """
    variable = f"{channel.upper().replace('-', '_')}_CONNECTOR_URL"
    url = environment.get(variable, "").strip() or _USUAL_URLS.get(channel, "")
    key = environment.get("API_KEY", "").strip()
    if not url.startswith(("http://", "https://")):
        raise AskingError(f"set {variable} to the address of the connector of {channel!r}", is_wrong_use=True)
    if not key:
        raise AskingError("set API_KEY to a key that the connector knows", is_wrong_use=True)
    found: list[dict[str, Any]] = []
    place: dict[str, Any] = {}
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=_TIMEOUT_SECONDS) as http:
        while len(found) < most:
            a_page = {"limit": min(_PAGE, most - len(found))}
            page = _page(http, f"{url} ({variable})", {**wanted, **place, **a_page})
            found += page["attempts"]
            if page["next"] is None:
                break
            place = {"before": page["next"]}
    return found


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


def _page(http: httpx.Client, where: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer = http.get("/v1/attempts", params=parameters)
    except httpx.TransportError as error:
        raise AskingError(f"no answer from {where}: {type(error).__name__}") from None
    if not answer.is_success:
        detail = ""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            detail = f": {answer.json()['detail']}"
        is_wrong_use = answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        raise AskingError(f"{where} answered {answer.status_code}{detail}", is_wrong_use=is_wrong_use)
    page: dict[str, Any] = answer.json()
    return page
