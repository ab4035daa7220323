"""The ordered outbox relay: from the table to Kafka, each partition's rows in their order.

A slot is a destination topic-partition. Each slot is owned by one relay at a time through a session advisory lock, so
two relays never send rows of one partition side by side. Rows are read from what exists, lowest id first, and deleted
once Kafka has them: a cursor would miss an id that commits late.
"""

import asyncio
import contextlib
import time
import zlib
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from runtime.backoff import delay
from runtime.database import asyncpg_dsn
from runtime.errors import is_transient, one_line
from runtime.health import Check
from runtime.logs import get_logger
from runtime.measurements import Measurements
from runtime.metrics import RELAY_INTERRUPTIONS, RELAY_ROWS
from runtime.outbox import channel
from runtime.sending import send_rows, throwaway_producer
from runtime.settings import ServiceSettings
from runtime.slots import every_slot

_BATCH_ROWS = 1000
_POLL_SECONDS = 1.0
"""Beneath the wake-up by NOTIFY, which is lost on a reconnect."""
_TAKE_OVER_SECONDS = 2.0
_SILENT_SECONDS = 15.0
"""So long without a round makes the service not ready."""

_CLAIM = "select slot from unnest($2::int[]) as slot where pg_try_advisory_lock($1, slot)"
_FETCH = """
select id, slot, topic, partition, key, value, headers from outbox
where slot = any($1::int[]) order by id limit $2
"""
_DELETE = "delete from outbox where id = any($1::bigint[])"

_BROKEN_SESSION = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_log = get_logger(__name__)


class Relay:
    """Sends the outbox of one schema. Several may run: the others stand by and take over the slots that come free."""

    def __init__(
        self,
        settings: ServiceSettings,
        schema: str,
        partitions: Mapping[str, int],
        measurements: Measurements | None = None,
    ) -> None:
        self._settings = settings
        self._schema = schema
        self._slots = frozenset(every_slot(partitions))
        self._lock_space = zlib.crc32(f"outbox:{schema}".encode()) & 0x7FFFFFFF
        self._owned: set[int] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._last_round = time.monotonic()
        self._error: str | None = None
        self._measurements = measurements or Measurements()
        self._measurements.count(RELAY_INTERRUPTIONS, 0)

    def stop(self) -> None:
        """End when what is in the outbox now has been sent."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. A lost connection, to Kafka or Postgres, is opened anew, with back-off."""
        failures = 0
        sent_all = False
        while not sent_all:
            try:
                async with (
                    self._connect() as connection,
                    throwaway_producer(self._settings.kafka_bootstrap_servers, f"{self._schema}-relay") as producer,
                ):
                    failures, self._error = 0, None
                    await unless_lost(connection, self._send_until_stopped(connection, producer))
                sent_all = True
            except (KafkaError, *_BROKEN_SESSION) as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    raise
                failures += 1
                self._error = one_line(error)
                self._measurements.count(RELAY_INTERRUPTIONS)
                _log.warning("relay interrupted, will reconnect", attempt=failures, error=self._error)
                if self._stopping:
                    return
                await asyncio.sleep(delay(failures))
            finally:
                self._owned.clear()

    async def check(self) -> Check:
        if self._error:
            return Check(ok=False, detail=f"reconnecting: {self._error}")
        silent = time.monotonic() - self._last_round
        if silent > _SILENT_SECONDS:
            return Check(ok=False, detail=f"no round for {silent:.0f} s")
        return Check(ok=True, detail=f"owns {len(self._owned)} of {len(self._slots)} slots")

    @contextlib.asynccontextmanager
    async def _connect(self) -> Any:  # noqa: ANN401 - asyncpg is untyped
        connection = await asyncpg.connect(
            asyncpg_dsn(self._settings.database_url),
            timeout=10,
            command_timeout=30,
            server_settings={"search_path": self._schema, "application_name": f"{self._schema}-relay"},
        )
        try:
            await connection.add_listener(channel(self._schema), lambda *_: self._wake.set())
            yield connection
        finally:
            # Closing the session frees the slots; one that is already gone must not hide why we are here.
            try:
                await connection.close(timeout=5)
            except _BROKEN_SESSION:
                connection.terminate()

    async def _send_until_stopped(self, connection: Any, producer: Any) -> None:  # noqa: ANN401
        claimed_at = 0.0
        while True:
            if time.monotonic() - claimed_at > _TAKE_OVER_SECONDS:
                await self._claim(connection)
                claimed_at = time.monotonic()
            self._wake.clear()
            self._last_round = time.monotonic()
            rows = await connection.fetch(_FETCH, list(self._owned), _BATCH_ROWS)
            if rows:
                await self._send(connection, producer, rows)
            elif self._stopping:
                return
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_SECONDS):
                        await self._wake.wait()

    async def _claim(self, connection: Any) -> None:  # noqa: ANN401
        missing = self._slots - self._owned
        if missing:
            rows = await connection.fetch(_CLAIM, self._lock_space, list(missing))
            self._owned.update(row["slot"] for row in rows)

    async def _send(self, connection: Any, producer: Any, rows: Sequence[Any]) -> None:  # noqa: ANN401
        """Send a batch and delete what arrived. In a slot, nothing behind the first failure counts as arrived."""
        results = await send_rows(producer, self._settings.kafka_topic_prefix, rows)
        sent = arrived(rows, results)
        await connection.execute(_DELETE, sent)
        self._count(rows, set(sent))
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _count(self, rows: Iterable[Any], sent: AbstractSet[int]) -> None:
        for topic, number in Counter(row["topic"] for row in rows if row["id"] in sent).items():
            self._measurements.count(RELAY_ROWS, number, topic=topic)


def arrived(rows: Iterable[Any], results: Iterable[object]) -> list[int]:
    """The ids of the rows that Kafka has, in order, without a gap in any slot."""
    broken: set[int] = set()
    ids = []
    for row, result in zip(rows, results, strict=True):
        if isinstance(result, BaseException):
            broken.add(row["slot"])
        elif row["slot"] not in broken:
            ids.append(row["id"])
    return ids


async def unless_lost(connection: Any, sending: Coroutine[Any, Any, None]) -> None:  # noqa: ANN401 - asyncpg is untyped
    """Run `sending`, and break it off the moment the session is gone: another relay may own the slots by then.

    Raises:
        ConnectionResetError: the session is gone.
    """
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    work, watch = asyncio.create_task(sending), asyncio.create_task(lost.wait())
    try:
        await asyncio.wait([work, watch], return_when=asyncio.FIRST_COMPLETED)
    finally:
        work.cancel()
        watch.cancel()
        await asyncio.gather(work, watch, return_exceptions=True)
    if work.cancelled():
        raise ConnectionResetError("the relay's database session is gone")
    work.result()
