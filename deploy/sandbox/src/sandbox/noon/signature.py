"""Noon's request signature, written from the JavaScript rules and shared with no client.

The text that is signed is `new URLSearchParams(parameters sorted by name).toString()`: the serializer of
application/x-www-form-urlencoded in the WHATWG URL Standard.
"""

import hashlib
import hmac
from collections.abc import Mapping

_BARE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._")
_ESCAPED = ["+" if byte == ord(" ") else chr(byte) if byte in _BARE else f"%{byte:02X}" for byte in range(256)]

Parameter = str | int | float | bool | None


def js_string(value: Parameter) -> str:
    """Print a JSON value as JavaScript's String() does: 3.0 is "3", true is "true", null is "null"."""
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def encode(parameters: Mapping[str, Parameter]) -> str:
    """Write parameters as a sorted URLSearchParams prints them."""
    names = sorted(parameters, key=_utf16)
    return "&".join(f"{_escape(name)}={_escape(js_string(parameters[name]))}" for name in names)


def sign(secret_key: str, parameters: Mapping[str, Parameter]) -> str:
    """Make the signature: HMAC-SHA256 in hexadecimal over every parameter but `signature` itself."""
    signed = {name: value for name, value in parameters.items() if name != "signature"}
    return hmac.new(secret_key.encode(), encode(signed).encode(), hashlib.sha256).hexdigest()


def _escape(text: str) -> str:
    # A lone surrogate, which JSON can carry, becomes U+FFFD in a URLSearchParams.
    return "".join(_ESCAPED[byte] for byte in _utf16(text).decode("utf-16-be", "replace").encode())


def _utf16(text: str) -> bytes:
    """The code units by which JavaScript compares strings."""
    return text.encode("utf-16-be", "surrogatepass")
