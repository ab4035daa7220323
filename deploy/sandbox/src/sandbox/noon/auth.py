"""Who may call: the API key, the partner, the age of the request and its signature."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from sandbox.noon.settings import NoonSettings
from sandbox.noon.signature import Parameter, sign
from sandbox.noon.wire import RefusedError

LARGEST_AGE_MS = 5 * 60 * 1000
_DIGITS = re.compile(r"[0-9]{1,16}")


def check(settings: NoonSettings, now: datetime, api_key: str | None, parameters: Mapping[str, object]) -> None:
    """Let a call through, or say what is wrong with it.

    Args:
        settings: the account that may call.
        now: the time by which the request's timestamp is judged.
        api_key: the header X-API-Key.
        parameters: everything in the query or the body, the signature included.

    Raises:
        RefusedError: 401 with a code for each of the four checks.
    """
    if api_key is None or not _equal(api_key, settings.api_key):
        raise _unauthorised("invalid_api_key", "The header X-API-Key is missing or wrong")
    if parameters.get("partner_id") != settings.partner_id:
        raise _unauthorised("unknown_partner", "partner_id is missing or unknown")
    age_ms = abs(int(now.timestamp() * 1000) - _timestamp(parameters.get("timestamp")))
    if age_ms > LARGEST_AGE_MS:
        raise _unauthorised("stale_timestamp", "timestamp must be within 5 minutes of now")
    signature = parameters.get("signature")
    if not isinstance(signature, str) or not _equal(signature, sign(settings.secret_key, _flat(parameters))):
        raise _unauthorised("invalid_signature", "signature does not fit the parameters")


def _timestamp(value: object) -> int:
    """Milliseconds since 1970: a number in a body, digits in a query."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _unauthorised("invalid_timestamp", "timestamp must be milliseconds since 1970")


def _flat(parameters: Mapping[str, object]) -> dict[str, Parameter]:
    flat: dict[str, Parameter] = {}
    for name, value in parameters.items():
        if value is not None and not isinstance(value, str | int | float):
            raise _unauthorised("invalid_signature", f"{name} holds a list or an object, which cannot be signed")
        flat[name] = value
    return flat


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _unauthorised(code: str, message: str) -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, code, message)
