"""Noon's request signature: HMAC-SHA256 over the parameters, sorted by name and encoded as JavaScript does."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import SecretStr

Parameters = Mapping[str, str | int]


class Signer:
    """Signs for one partner. Every attempt is signed anew: a signature holds the time it was made."""

    def __init__(self, partner_id: str, api_key: SecretStr, secret_key: SecretStr) -> None:
        self._partner_id = partner_id
        self._api_key = api_key
        self._secret_key = secret_key

    def sign(self, parameters: Parameters, now: dt.datetime) -> dict[str, str | int]:
        """`parameters` with the partner, the time in milliseconds and the signature."""
        signed = {**parameters, "partner_id": self._partner_id, "timestamp": int(now.timestamp() * 1000)}
        return {**signed, "signature": signature(self._secret_key.get_secret_value(), signed)}

    def headers(self) -> dict[str, str]:
        return {"x-api-key": self._api_key.get_secret_value()}


def signature(secret_key: str, parameters: Parameters) -> str:
    """In hexadecimal digits, lower case."""
    return hmac.new(secret_key.encode(), encode(parameters).encode(), hashlib.sha256).hexdigest()


def encode(parameters: Parameters) -> str:
    """What JavaScript's `new URLSearchParams(sorted).toString()` prints: it escapes `~` and leaves `*` bare."""
    return urlencode(sorted(parameters.items()), safe="*").replace("~", "%7E")


def js_iso(moment: dt.datetime) -> str:
    """What JavaScript's `toISOString()` prints: UTC, three digits of milliseconds, `Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
