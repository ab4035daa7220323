"""Calling the bulk port: each call is counted, timed and bounded."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from runtime.errors import one_line
from runtime.telemetry import Telemetry

from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.observed_call import ObservedCall

_CALL_SECONDS = 90.0
"""A stop above the client's own timeouts, for a document of several megabytes."""

T = TypeVar("T")


class FeedCalls:
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    async def ask(self, operation: str, call: Awaitable[T]) -> T:
        """The call's answer.

        Raises:
            MarketplaceError: it failed; `unknown` also where it took too long.
        """
        with ObservedCall(operation, self._telemetry.measurements):
            try:
                async with asyncio.timeout(_CALL_SECONDS):
                    return await call
            except TimeoutError as error:
                raise MarketplaceError(Outcome.UNKNOWN, f"{operation}: {one_line(error)}") from None
