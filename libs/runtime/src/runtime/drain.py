"""Letting a batch in work end before its partitions are given away."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiokafka import ConsumerRebalanceListener


class Drain(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Waits, when partitions are revoked, until the batch in work has been committed or given up.

    Without it another consumer gets the partitions at once and the old batch is handled twice.
    """

    def __init__(self, on_assigned: Callable[[], None]) -> None:
        self._on_assigned = on_assigned
        self._free = asyncio.Event()
        self._free.set()
        self.wanted = asyncio.Event()
        """Set while somebody waits for the batch: a batch that is only being retried should give up."""
        self.assigned_at = 0.0
        """When partitions were last assigned, on the wall clock."""

    @contextlib.asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ANN401, ARG002 - aiokafka's signature
        self.wanted.set()
        await self._free.wait()

    async def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ANN401, ARG002 - aiokafka's signature
        self.assigned_at = time.time()
        self.wanted.clear()
        self._on_assigned()
