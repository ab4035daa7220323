"""The inventory's HTTP API, as its commands use it."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runtime.service_client import Service, ServiceClient

INVENTORY = Service("inventory", "INVENTORY_URL", "http://127.0.0.1:8001")
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


def open_inventory(environment: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep) -> ServiceClient:
    """Whatever is called is repeated while the inventory is away or busy, so it must be safe to repeat.

    Raises:
        WrongUseError: INVENTORY_URL or API_KEY is missing or wrong.
    """
    return ServiceClient(INVENTORY, environment, pauses=_PAUSES, pause=pause)


def pages(
    inventory: ServiceClient, path: str, parameters: Mapping[str, Any], *, after: Callable[[dict[str, Any]], str]
) -> Iterator[dict[str, Any]]:
    """Every entry of a list that comes page by page; `after` says where the page behind an entry begins."""
    place: dict[str, Any] = {}
    while page := inventory.call("GET", path, params={**parameters, **place}):
        yield from page
        place = {"after": after(page[-1])}
