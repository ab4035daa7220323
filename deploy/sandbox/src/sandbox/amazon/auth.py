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
_FIELDS = ("grant_type", "client_id", "client_secret", "refresh_token")


class Tokens:
    """The access tokens given out and when each ends."""

    def __init__(self, settings: AmazonSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._ends: dict[str, datetime] = {}

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(TOKEN_PATH, self.grant, methods=["POST"], response_model=None)
        return router

    async def grant(self, request: Request) -> Response:
        """Give a token for the refresh token, or say why not, in OAuth's shape."""
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", "Send the fields form encoded")
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        refusal = self._refusal(form)
        if refusal is not None:
            return refusal
        body = {
            "access_token": self._issue(),
            "token_type": "bearer",
            "expires_in": int(self._settings.token_life.total_seconds()),
            "refresh_token": form["refresh_token"],
        }
        return JSONResponse(body, headers={"cache-control": "no-store"})

    def check(self, headers: Mapping[str, str]) -> None:
        """Let a call through that carries a user agent and a token in force.

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

    def _refusal(self, form: Mapping[str, str]) -> Response | None:
        missing = [name for name in _FIELDS if not form.get(name)]
        if missing:
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_request", f"Missing: {', '.join(missing)}")
        if form["grant_type"] != "refresh_token":
            return oauth_error(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", "Only refresh_token is served here")
        if (form["client_id"], form["client_secret"]) != (self._settings.client_id, self._settings.client_secret):
            return oauth_error(HTTPStatus.UNAUTHORIZED, "invalid_client", "Client authentication failed")
        if form["refresh_token"] != self._settings.refresh_token:
            return oauth_error(HTTPStatus.BAD_REQUEST, "invalid_grant", "The request has an invalid grant parameter")
        return None

    def _issue(self) -> str:
        now = self._clock()
        self._ends = {token: ends for token, ends in self._ends.items() if ends > now - self._settings.token_life}
        token = f"Atza|{secrets.token_urlsafe(48)}"
        self._ends[token] = now + self._settings.token_life
        return token
