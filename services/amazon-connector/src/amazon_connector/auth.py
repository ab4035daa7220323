"""Login with Amazon: the access token, renewed early and by one request at a time."""

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.http import outcome_of_error
from connector_sdk.marketplace import MarketplaceError, Outcome
from pydantic import BaseModel, Field, SecretStr, ValidationError

Grant = Mapping[str, SecretStr]
"""The fields of a request for a token."""

_EARLY_SECONDS = 60.0
_EARLY_SHARE = 0.1


class _Granted(BaseModel):
    access_token: SecretStr = Field(min_length=1)
    expires_in: float


class _Refusal(BaseModel):
    error: str = Field(max_length=100)


class AccessToken:
    """The token of one seller. `clock` counts seconds and never goes back."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        grant: Callable[[], Grant],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`grant` answers with what there is now; a token that was granted for something else is thrown away."""
        self._http = http
        self._url = url
        self._grant = grant
        self._clock = clock
        self._granted_for: Grant | None = None
        self._token: SecretStr | None = None
        self._renew_at = 0.0
        self._renewal: asyncio.Task[SecretStr] | None = None

    async def get(self) -> SecretStr:
        """A token in force.

        Raises:
            MarketplaceError: `unauthorised` when Amazon refuses the credentials or some are not set, else `retry`:
                whatever the token was wanted for has not been done.
        """
        grant = self._grant()
        if grant != self._granted_for:
            self._granted_for, self._token, self._renewal = grant, None, None
        if self._token and self._clock() < self._renew_at:
            return self._token
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(grant), name="lwa-token")
        return await asyncio.shield(self._renewal)

    def forget(self, token: SecretStr) -> None:
        """Amazon did not take this token: get another one next time, unless that has been done meanwhile."""
        if self._token == token:
            self._token = None

    async def _renew(self, grant: Grant) -> SecretStr:
        form = {name: secret.get_secret_value() for name, secret in grant.items()}
        try:
            response = await self._http.post(self._url, data={"grant_type": "refresh_token"} | form)
        except httpx.HTTPError as error:
            reason = f"no access token: {type(error).__name__} ({outcome_of_error(error)})"
            raise MarketplaceError(Outcome.RETRY, reason) from None
        if not response.is_success:
            raise _refusal(response)
        try:
            granted = _Granted.model_validate_json(response.content)
        except ValidationError:
            raise MarketplaceError(Outcome.RETRY, "no access token: the answer can't be read") from None
        early = min(_EARLY_SECONDS, granted.expires_in * _EARLY_SHARE)
        if grant == self._granted_for:
            self._token, self._renew_at = granted.access_token, self._clock() + granted.expires_in - early
        return granted.access_token


def grant_of(credentials: Credentials) -> Grant:
    """What the seller's token is asked for with.

    Raises:
        MarketplaceError: some credentials are not set.
    """
    values = credentials.values()
    return {name: values[f"AMAZON_{name.upper()}"] for name in ("client_id", "client_secret", "refresh_token")}


def seller_of(credentials: Credentials) -> str:
    """The seller's id; raises like `grant_of`."""
    return credentials.values()["AMAZON_SELLER_ID"].get_secret_value()


def _refusal(response: httpx.Response) -> MarketplaceError:
    """Only OAuth's error code is told: the description may name the client."""
    try:
        code = _Refusal.model_validate_json(response.content).error
    except ValidationError:
        code = "no error code"
    is_temporary = response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error
    outcome = Outcome.RETRY if is_temporary else Outcome.UNAUTHORISED
    return MarketplaceError(outcome, f"no access token: {response.status_code} {code}")
