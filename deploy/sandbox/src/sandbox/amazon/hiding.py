"""Hiding what would let a reader of a record in: of each secret only the length is kept."""

import re

from sandbox.amazon.wire import TOKEN_PATH

_HEADERS = frozenset({"x-amz-access-token", "authorization", "cookie", "set-cookie"})
_SIGNATURE = re.compile(rb'(X-Amz-Signature=)([^"&\s]+)')
_FORM_FIELD = re.compile(rb"((?:^|&)(?:refresh_token|client_secret)=)([^&]+)")
_JSON_FIELD = re.compile(rb'("(?:access_token|refresh_token)"\s*:\s*")([^"]+)')


def hidden_header(name: str, value: str) -> str:
    """What is kept of a header; `name` is in small letters."""
    return "*" * len(value) if name in _HEADERS else value


def hidden_query(query: bytes) -> bytes:
    """Query as it was sent, without the signature of a document's address."""
    return _SIGNATURE.sub(_hide, query)


def hidden_body(path: str, body: bytes) -> bytes:
    """Keep all of a body but tokens and the application's secret, and signatures in addresses."""
    if path == TOKEN_PATH:
        return _JSON_FIELD.sub(_hide, _FORM_FIELD.sub(_hide, body))
    return _SIGNATURE.sub(_hide, body)


def _hide(found: re.Match[bytes]) -> bytes:
    return found[1] + b"*" * len(found[2])
