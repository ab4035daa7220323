"""Noon's request signature: HMAC-SHA256 over the parameters, sorted by name and encoded as JavaScript does."""

import dataclasses as dc
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Self
from urllib.parse import urlencode

from connector_sdk.credentials.account_credentials import Credentials
from pydantic import SecretStr

Parameters = Mapping[str, str | int]


@dc.dataclass(frozen=True, slots=True)
class Keys:
    """What Noon knows a partner by."""

    partner_id: SecretStr
    api_key: SecretStr
    secret_key: SecretStr

    @classmethod
    def of(cls, credentials: Credentials) -> Self:
        """Those in force.

        Raises:
            MarketplaceError: some are not set.
        """
        values = credentials.values()
        return cls(values["NOON_PARTNER_ID"], values["NOON_API_KEY"], values["NOON_SECRET_KEY"])


class Signer:
    """Signs for one partner. Every attempt is signed anew: a signature holds the time it was made."""

    def __init__(self, keys: Callable[[], Keys]) -> None:
        """`keys` answers with those in force, or raises `MarketplaceError`."""
        self._keys = keys

    def sign(self, parameters: Parameters, now: dt.datetime) -> tuple[dict[str, str | int], dict[str, str]]:
        """`parameters` with the partner, the time in milliseconds and the signature; and the headers to send."""
        keys = self._keys()
        partner_id = keys.partner_id.get_secret_value()
        signed = {**parameters, "partner_id": partner_id, "timestamp": int(now.timestamp() * 1000)}
        signed["signature"] = signature(keys.secret_key.get_secret_value(), signed)
        return signed, {"x-api-key": keys.api_key.get_secret_value()}


def signature(secret_key: str, parameters: Parameters) -> str:
    """In hexadecimal digits, lower case."""
    return hmac.new(secret_key.encode(), encode(parameters).encode(), hashlib.sha256).hexdigest()


def encode(parameters: Parameters) -> str:
    """What JavaScript's `new URLSearchParams(sorted).toString()` prints: it escapes `~` and leaves `*` bare."""
    return urlencode(sorted(parameters.items()), safe="*").replace("~", "%7E")


def js_iso(moment: dt.datetime) -> str:
    """What JavaScript's `toISOString()` prints: UTC, three digits of milliseconds, `Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
