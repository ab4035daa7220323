"""One leader per channel account, so that several replicas share the account's limits and never write side by side."""

import asyncio
import contextlib
import time
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import asyncpg
from runtime.database import asyncpg_dsn
from runtime.logs import get_logger

STANDBY_SECONDS = 2.0
"""How long a replica that does not lead waits before it asks again."""
_HEARTBEAT_SECONDS = 2.0

_log = get_logger(__name__)


class Leader:
    """Holds a Postgres session lock on a connection of its own: whoever loses the connection loses the lead."""

    def __init__(self, database_url: str, schema: str, account: str) -> None:
        self._dsn = asyncpg_dsn(database_url)
        self._schema = schema
        self._space = zlib.crc32(f"leader:{schema}".encode()) & 0x7FFFFFFF
        self._key = zlib.crc32(account.encode()) & 0x7FFFFFFF
        self._connection: Any = None
        self._asking = asyncio.Lock()
        self._checked_at = 0.0
        self._wakes: dict[str, Callable[[], None]] = {}
        self._writers: set[str] = set()
        self._members = 0
        self.term: str | None = None
        """Names the time from one acquisition to its loss; None while another leads."""

    def on_desire(self, of: str, wake: Callable[[], None], *, by_name_only: bool = False) -> None:
        """Call `wake` when a transaction of any replica has committed something new `of` "stock", "prices" and so on.

        What wakes everybody who writes leaves those alone that are woken `by_name_only`.
        """
        self._wakes[of] = wake
        if not by_name_only:
            self._writers.add(of)

    def join(self) -> None:
        """One more writes under this lead; whoever joined is to `leave`."""
        self._members += 1

    async def leave(self) -> None:
        """One has nothing under way any more. With the last of them this process steps down."""
        self._members -= 1
        if self._members <= 0:
            await self.close()

    async def lead(self) -> str | None:
        """The present term if this process leads, after trying to become leader if nobody is.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the database is away.
        """
        async with self._asking:
            if self.term and time.monotonic() - self._checked_at < _HEARTBEAT_SECONDS:
                return self.term
            try:
                await self._ask()
            except BaseException:
                await self._drop()
                raise
            return self.term

    async def close(self) -> None:
        """Step down."""
        async with self._asking:
            await self._drop()

    async def _ask(self) -> None:
        if self._connection is None or self._connection.is_closed():
            await self._drop()
            self._connection = await self._connect()
        if self.term:
            await self._connection.fetchval("select 1")
        elif await self._connection.fetchval("select pg_try_advisory_lock($1, $2)", self._space, self._key):
            self.term = uuid.uuid4().hex
            _log.info("leading", schema=self._schema)
        self._checked_at = time.monotonic()

    async def _connect(self) -> Any:  # noqa: ANN401 - asyncpg is untyped
        connection = await asyncpg.connect(
            self._dsn,
            timeout=5,
            command_timeout=5,
            server_settings={"search_path": self._schema, "application_name": f"{self._schema}-leader"},
        )
        connection.add_termination_listener(self._lost)
        await connection.add_listener(f"pushes_{self._schema}", self._desired)
        return connection

    def _desired(self, _connection: object, _pid: int, _channel: str, of: str) -> None:
        """Whoever does not say of what wakes all who write."""
        for kind, wake in self._wakes.items():
            if of == kind or (of == "" and kind in self._writers):
                wake()

    def _lost(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg is untyped
        if connection is self._connection and self.term:
            self.term = None
            _log.warning("lost the lead: the connection that held it ended", schema=self._schema)

    async def _drop(self) -> None:
        connection, self._connection, self.term = self._connection, None, None
        if connection is not None:
            # One that is already gone must not hide why we are here.
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=2)
