"""Where each service answers: the environment names it, its usual port on this machine stands in."""

import dataclasses as dc
from collections.abc import Mapping
from urllib.parse import urlsplit


@dc.dataclass(frozen=True, slots=True)
class Address:
    service: str
    variable: str
    url: str


SERVICES = (
    Address("control", "CONTROL_URL", "http://127.0.0.1:8000"),
    Address("inventory", "INVENTORY_URL", "http://127.0.0.1:8001"),
    Address("amazon-connector", "AMAZON_CONNECTOR_URL", "http://127.0.0.1:8002"),
    Address("noon-connector", "NOON_CONNECTOR_URL", "http://127.0.0.1:8003"),
    Address("order-importer", "ORDER_IMPORTER_URL", "http://127.0.0.1:8004"),
)
"""Every service under its usual address, in the order in which they are shown."""


def addresses(environment: Mapping[str, str]) -> tuple[Address, ...]:
    """All services where `environment` says they are; an empty variable counts as missing.

    Raises:
        ValueError: a variable holds no http URL; the message names it.
    """
    return tuple(_placed(usual, environment.get(usual.variable, "").strip()) for usual in SERVICES)


def _placed(usual: Address, url: str) -> Address:
    if not url:
        return usual
    if not _is_http(url):
        raise ValueError(f"{usual.variable} must be an http:// or https:// address, such as {usual.url}")
    return dc.replace(usual, url=url.rstrip("/"))


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address, a port that is no number
        return False
