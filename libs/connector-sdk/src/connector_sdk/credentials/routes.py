"""Sending credentials, and seeing which there are. They go in and never come out."""

import dataclasses as dc
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import SecretStr
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.problems import InvalidRequestError, ProblemError

from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.credentials.renewal import Renewal
from connector_sdk.credentials.vault import HOW_TO_MAKE_A_KEY, Vault

_LONGEST = 4096


class CredentialRoutes:
    """Every route wants an API key; the service sees to it. Nothing that was sent is repeated, not even in errors."""

    def __init__(self, channel: str, credentials: Credentials, vault: Vault | None, renewal: Renewal) -> None:
        self._channel = channel
        self._credentials = credentials
        self._vault = vault
        self._renewal = renewal

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1")
        router.add_api_route("/credentials", self.show, methods=["GET"])
        router.add_api_route("/credentials", self.store, methods=["PUT"], openapi_extra=self._documented())
        return router

    @needs(Scope.OPERATE)
    async def show(self) -> dict[str, Any]:
        """Which credentials are set, from where, and when they were stored; never what they are."""
        return {
            "channel": self._channel,
            "can_store": self._vault is not None,
            "credentials": [dc.asdict(each) for each in self._credentials.known()],
        }

    @needs(Scope.EVERYTHING)
    async def store(self, body: Annotated[dict[str, object], Body()]) -> dict[str, Any]:
        """Keep these credentials, encrypted, and use them from now on instead of the environment's.

        Names that are left out stay as they are; null forgets what was stored, so that the environment counts again.
        `check` is what the marketplace thinks of them: they are kept whatever it says.
        """
        if self._vault is None:
            raise ProblemError(
                409,
                "no-credentials-key",
                "credentials can't be stored without a key to encrypt them with: set CREDENTIALS_KEY "
                f"({HOW_TO_MAKE_A_KEY}) and restart the connector; nothing was stored",
            )
        verdict = await self._renewal.store(self._vault, read_changes(body, self._credentials.names))
        return await self.show() | {"check": dc.asdict(verdict)}

    def _documented(self) -> dict[str, Any]:
        value = {"type": ["string", "null"], "minLength": 1, "maxLength": _LONGEST, "writeOnly": True}
        properties = dict.fromkeys(self._credentials.names, value)
        schema = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
        return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def read_changes(body: dict[str, object], names: tuple[str, ...]) -> dict[str, SecretStr | None]:
    """What was sent, by name.

    Raises:
        InvalidRequestError: it can't be used. Unknown names are not repeated: one may be a value in the wrong place.
    """
    wrong = [(f"body.{name}", _objection(body[name])) for name in names if name in body]
    errors = [(where, what) for where, what in wrong if what]
    if not body or set(body) - set(names):
        errors.append(("body", f"must hold one or more of {', '.join(names)}, and nothing else"))
    if errors:
        raise InvalidRequestError(errors)
    return {name: SecretStr(value.strip()) if isinstance(value, str) else None for name, value in body.items()}


def _objection(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not value.strip():
        return "must be text, and not empty, or null"
    if len(value) > _LONGEST or not value.strip().isprintable():
        return f"may have at most {_LONGEST} characters, none of them a control character"
    return ""
