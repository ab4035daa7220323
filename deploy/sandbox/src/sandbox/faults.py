"""Faults on request: they decide what becomes of a call, a write and a page. Marketplace calls only are hit."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeVar

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import is_marketplace_call
from sandbox.clock import Clock
from sandbox.fault_settings import FaultSettings

Refuse = Callable[[str, HTTPStatus], Response]
"""Makes the answer with which a marketplace refuses or fails on a path, in the marketplace's own shape."""

T = TypeVar("T")

FAULT = "sandbox.fault"
"""Where the scope of a call says which fault hit it, None where none did."""
CUT = "cut"
"""The fault that leaves an answer incomplete."""

_LATEST_SECONDS = 0.5
_ERRORS = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one call.

    `status` is answered instead of the call's own answer, `applied` says whether it is carried out all the same, and
    `is_cut` that the connection breaks before the answer is complete. `fault` names what hit the call.
    """

    fault: str | None = None
    status: HTTPStatus | None = None
    applied: bool = True
    is_cut: bool = False


class Faults:
    """The faults in force and the dice that decide whom they hit.

    A throttled call is never carried out. A failed one is in half the cases, so an error proves nothing.
    """

    def __init__(self, clock: Clock, seed: int | None = None) -> None:
        self._clock = clock
        self._dice = random.Random(seed)  # noqa: S311 - it picks the calls that fail, it guards nothing
        self._settings = FaultSettings()
        self._down_until = datetime.min.replace(tzinfo=UTC)

    @property
    def settings(self) -> FaultSettings:
        return self._settings

    def put(self, settings: FaultSettings) -> None:
        """Replace the faults. A marketplace that is to be down goes down now."""
        self._settings = settings
        self._down_until = self._clock() + timedelta(seconds=settings.down_s)

    def decide(self) -> Verdict:
        """Throw the dice for one call."""
        if self._clock() < self._down_until:
            is_cut = self._hits(0.5)
            return Verdict(CUT if is_cut else "down", HTTPStatus.SERVICE_UNAVAILABLE, applied=False, is_cut=is_cut)
        if self._settings.unauthorised:
            return Verdict("unauthorised", HTTPStatus.FORBIDDEN, applied=False)
        if self._hits(self._settings.throttle_rate):
            return Verdict("throttled", HTTPStatus.TOO_MANY_REQUESTS, applied=False)
        if self._hits(self._settings.error_rate):
            return Verdict("failed", self._dice.choice(_ERRORS), applied=self._hits(0.5))
        return Verdict()

    def page_size(self, asked: int) -> int:
        """How many orders a page holds of which so many were asked for."""
        return min(asked, self._settings.largest_page or asked)

    def loses_write(self) -> bool:
        """Throw the dice for one accepted write: whether it never goes live."""
        return self._hits(self._settings.lost_write_rate)

    def live_delay(self) -> timedelta:
        """How long the next accepted write takes until it is live, in real time."""
        return timedelta(seconds=self._dice.uniform(*self._settings.live_delay_s) / self._settings.time_scale)

    def refuses_message(self) -> bool:
        """Throw the dice for one message of a feed."""
        return self._hits(self._settings.feed_error_rate)

    def disorder(self, page: Sequence[T], previous: T | None) -> list[T]:
        """Repeat and reorder a page. `previous` is what the page before ended with; it may be told again here."""
        told = [] if previous is None else [previous] * self._hits(self._settings.duplicate_rate)
        for each in page:
            told.extend([each] * (1 + self._hits(self._settings.duplicate_rate)))
        if self._settings.reorder:
            self._dice.shuffle(told)
        return told

    def repeats(self) -> int:
        """How often a notification is sent."""
        return 1 + self._hits(self._settings.duplicate_rate)

    def lateness(self) -> float:
        """How many seconds a notification waits, so that a later one may overtake it."""
        return self._dice.uniform(0, _LATEST_SECONDS) if self._settings.reorder else 0.0

    def _hits(self, rate: float) -> bool:
        return self._dice.random() < rate


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
        scope[FAULT] = verdict.fault
        if self._faults.settings.latency_ms:
            await asyncio.sleep(self._faults.settings.latency_ms / 1000)
        if verdict.applied:
            await self._app(scope, receive, send if verdict.status is None else _discard)
        if verdict.status is not None:
            answer = self._refuse(scope["path"], verdict.status)
            await answer(scope, receive, _cut_short(send) if verdict.is_cut else send)


def _cut_short(send: Send) -> Send:
    """Let the head of an answer through and nothing of its body: the server then breaks the connection."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)

    return send_head


async def _discard(_message: Message) -> None:
    """Swallow an answer that the caller must not see."""
