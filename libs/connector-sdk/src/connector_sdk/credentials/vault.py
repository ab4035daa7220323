"""Encrypting what is stored: Fernet, that is AES-128 in CBC mode with an HMAC-SHA256."""

import json
from collections.abc import Sequence
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

HOW_TO_MAKE_A_KEY = "openssl rand -base64 32 | tr '+/' '-_'"


class WrongKeyError(Exception):
    """None of the keys opens it. The message names neither keys nor contents."""


class Vault:
    """The first key seals; all of them open."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Raises ValueError where one is no key; the message does not hold it."""
        opened = [_fernet(number, key) for number, key in enumerate(keys, start=1)]
        self._newest = opened[0]
        self._all = MultiFernet(opened)

    @classmethod
    def of(cls, written: SecretStr) -> Self | None:
        """As CREDENTIALS_KEY has it: the newest key first, older ones after commas. None where there is none."""
        keys = [SecretStr(part.strip()) for part in written.get_secret_value().split(",") if part.strip()]
        return cls(keys) if keys else None

    def seal(self, name: str, value: SecretStr) -> str:
        """The name is sealed in, so that nobody can pass one value off as another."""
        return self._newest.encrypt(json.dumps([name, value.get_secret_value()]).encode()).decode()

    def open(self, name: str, sealed: str) -> SecretStr:
        """What was sealed under this name.

        Raises:
            WrongKeyError: it was sealed with another key, under another name, or was tampered with.
        """
        try:
            sealed_name, value = json.loads(self._all.decrypt(sealed))
        except InvalidToken:
            raise WrongKeyError(name) from None
        if sealed_name != name:
            raise WrongKeyError(name)
        return SecretStr(value)

    def is_current(self, sealed: str) -> bool:
        """Whether the first key opens it."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True


def _fernet(number: int, key: SecretStr) -> Fernet:
    try:
        return Fernet(key.get_secret_value())
    except ValueError:
        raise ValueError(f"key {number} is not 32 bytes in URL-safe base64: make one by {HOW_TO_MAKE_A_KEY}") from None
