"""Login with Amazon: the token endpoint, and the check of a call's token and user agent."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.amazon.settings import AmazonSettings
from sandbox.amazon.wire import TOKEN_PATH, denied, invalid_input, oauth_error
from sandbox.clock import Clock

LONGEST_USER_AGENT = 500
_FIELDS = {
    "refresh_token": ("client_id", "client_secret", "refresh_token"),
    "client_credentials": ("client_id", "client_secret", "scope"),
}
_SCOPE = "sellingpartnerapi::notifications"


class Tokens:
    """The access tokens given out and when each ends."""

    def __init__(self, settings: AmazonSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._ends: dict[str, datetime] = {}
        self._grantless: set[str] = set()

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(TOKEN_PATH, self.grant, methods=["POST"], response_model=None)
        return router

    async def grant(self, request: Request) -> Response:
        """Give a token for the refresh token or the application's own, or say why not, in OAuth's shape."""
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", "Send the fields form encoded")
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        refusal = self._refusal(form)
        if refusal is not None:
            return refusal
        body = {
            "access_token": self._issue(grantless=form["grant_type"] == "client_credentials"),
            "token_type": "bearer",
            "expires_in": int(self._settings.token_life.total_seconds()),
        }
        if "refresh_token" in form:
            body["refresh_token"] = form["refresh_token"]
        return JSONResponse(body, headers={"cache-control": "no-store"})

    def check(self, headers: Mapping[str, str], *, grantless: bool = False) -> None:
        """Let a call through that carries a user agent and a token in force, of the right kind.

        Raises:
            RefusedError: 400 for the user agent, 403 for the token.
        """
        if not 0 < len(headers.get("user-agent", "")) <= LONGEST_USER_AGENT:
            raise invalid_input(f"The user-agent header is required, of at most {LONGEST_USER_AGENT} characters.")
        token = headers.get("x-amz-access-token")
        if not token:
            raise denied("Access token is missing in the request header.")
        ends = self._ends.get(token)
        if ends is None:
            raise denied("The access token you provided is revoked, malformed or invalid.")
        if ends <= self._clock():
            raise denied("The access token you provided has expired.")
        if (token in self._grantless) is not grantless:
            raise denied("The operation wants the other kind of access token: of the application, or of the seller.")

    def _refusal(self, form: Mapping[str, str]) -> Response | None:
        kind = form.get("grant_type", "")
        missing = [name for name in ("grant_type", *_FIELDS.get(kind, ())) if not form.get(name)]
        if missing:
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", f"Missing: {', '.join(missing)}")
        if kind not in _FIELDS:
            served = " and ".join(_FIELDS)
            return oauth_error(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", f"Only {served} are served here")
        if (form["client_id"], form["client_secret"]) != (self._settings.client_id, self._settings.client_secret):
            return oauth_error(HTTPStatus.UNAUTHORIZED, "invalid_client", "Client authentication failed")
        if kind == "client_credentials" and form["scope"] != _SCOPE:
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_scope", f"Only {_SCOPE} is served here")
        if kind == "refresh_token" and form["refresh_token"] != self._settings.refresh_token:
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_grant", "The request has an invalid grant parameter")
        return None

    def _issue(self, *, grantless: bool) -> str:
        now = self._clock()
        self._ends = {token: ends for token, ends in self._ends.items() if ends > now - self._settings.token_life}
        token = f"Atza|{secrets.token_urlsafe(48)}"
        self._ends[token] = now + self._settings.token_life
        self._grantless = {each for each in self._grantless if each in self._ends} | ({token} if grantless else set())
        return token
