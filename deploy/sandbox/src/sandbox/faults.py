"""Faults on request: slowness, refusals and errors, applied to marketplace calls only."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import is_marketplace_call

Refuse = Callable[[str, HTTPStatus], Response]
"""Makes the answer with which a marketplace refuses or fails on a path, in the marketplace's own shape."""

Rate = Annotated[float, Field(ge=0, le=1)]


class FaultSettings(BaseModel):
    """Latency in milliseconds; rates as a share of calls between 0 and 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: Annotated[float, Field(ge=0, le=600_000)] = 0
    error_rate: Rate = 0
    throttle_rate: Rate = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one call: `status` instead of its own answer, and whether it is carried out all the same."""

    status: HTTPStatus | None = None
    applied: bool = True


class Faults:
    """The faults in force and the dice that decide whom they hit.

    A throttled call is never carried out. A failed one is in half the cases, so an error proves nothing.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.settings = FaultSettings()
        self._dice = random.Random(seed)  # noqa: S311 - it picks the calls that fail, it guards nothing

    def decide(self) -> Verdict:
        """Throw the dice for one call."""
        if self._dice.random() < self.settings.throttle_rate:
            return Verdict(HTTPStatus.TOO_MANY_REQUESTS, applied=False)
        if self._dice.random() < self.settings.error_rate:
            status = self._dice.choice((HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE))
            return Verdict(status, applied=self._dice.choice((True, False)))
        return Verdict()


class FaultMiddleware:
    """ASGI middleware that lets the faults have their way with each marketplace call."""

    def __init__(self, app: ASGIApp, faults: Faults, refuse: Refuse) -> None:
        self._app = app
        self._faults = faults
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_marketplace_call(scope):
            await self._app(scope, receive, send)
            return
        verdict = self._faults.decide()
        if self._faults.settings.latency_ms:
            await asyncio.sleep(self._faults.settings.latency_ms / 1000)
        if verdict.applied:
            await self._app(scope, receive, send if verdict.status is None else _discard)
        if verdict.status is not None:
            await self._refuse(scope["path"], verdict.status)(scope, receive, send)


async def _discard(_message: Message) -> None:
    """Swallow an answer that the caller must not see."""
