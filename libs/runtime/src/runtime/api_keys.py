"""Who may call a service's HTTP API, and what for."""

import dataclasses as dc
import enum
import hashlib
import re
import secrets
from collections.abc import Iterator

from pydantic import SecretStr

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SHORTEST = 16
_EXAMPLE = "storefront:<key>:stock.read,stock.write;desk:<key>:*"


class Scope(enum.StrEnum):
    """What a key may be for."""

    STOCK_READ = "stock.read"
    STOCK_WRITE = "stock.write"
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_WRITE = "catalogue.write"
    RULES_READ = "rules.read"
    RULES_WRITE = "rules.write"
    RESERVATIONS_WRITE = "reservations.write"
    ORDERS_READ = "orders.read"
    OPERATE = "operate"
    """To look after a running system: channels, failed listings, dead letters."""
    EVERYTHING = "*"


@dc.dataclass(frozen=True, slots=True)
class ApiKey:
    """`name` stands for the key in logs."""

    name: str
    secret: SecretStr
    scopes: frozenset[Scope]

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.EVERYTHING in self.scopes


class ApiKeys:
    """The keys that a service knows."""

    def __init__(self, master: SecretStr, others: str = "") -> None:
        """`master` may do everything. `others` are written `name:key:scope,scope`, several with semicolons.

        Raises:
            ValueError: `others` can't be read; the message holds no key.
        """
        self._keys = (ApiKey("API_KEY", master, frozenset({Scope.EVERYTHING})), *_read(others))
        for what, values in (("name", [k.name for k in self._keys]), ("key", [_secret(k) for k in self._keys])):
            if len(set(values)) < len(values):
                raise ValueError(f"the same {what} is there twice")

    def find(self, given: str) -> ApiKey | None:
        """The key that was given; takes as long whichever it is, and if it is none."""
        found = None
        for key in self._keys:
            if secrets.compare_digest(_digest(given), _digest(_secret(key))):
                found = key
        return found


def _read(written: str) -> Iterator[ApiKey]:
    for number, entry in enumerate(filter(None, (part.strip() for part in written.split(";"))), start=1):
        parts = [part.strip() for part in entry.split(":")]
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]):  # noqa: PLR2004 - as the example shows
            raise ValueError(f"entry {number} is not like {_EXAMPLE}, with a name of small letters, digits and hyphens")
        name, secret, scopes = parts
        if len(secret) < _SHORTEST:
            raise ValueError(f"the key of {name} has less than {_SHORTEST} characters: try openssl rand -hex 32")
        yield ApiKey(name, SecretStr(secret), frozenset(_scope(name, scope.strip()) for scope in scopes.split(",")))


def _scope(name: str, written: str) -> Scope:
    try:
        return Scope(written)
    except ValueError:
        raise ValueError(f"{name} has an unknown scope: there are {', '.join(Scope)}") from None


def _secret(key: ApiKey) -> str:
    return key.secret.get_secret_value()


def _digest(secret: str) -> bytes:
    """As long for every key, so that a comparison tells nothing of its length."""
    return hashlib.sha256(secret.encode()).digest()
