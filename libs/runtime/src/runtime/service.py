"""One service as a process: what it consists of, how it starts and how it ends."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from aiokafka.errors import KafkaError
from contracts import partition_counts
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.access import protect
from runtime.backlog import outbox_backlog
from runtime.clock import Clock, system_clock
from runtime.consumer import BatchConsumer, ConsumerDiedError
from runtime.database import create_engine, ping
from runtime.errors import CannotStartError, is_transient, one_line
from runtime.garbage import collect_seldom
from runtime.health import Check, Probe
from runtime.holds import Holds
from runtime.http import create_app
from runtime.logs import configure, get_logger
from runtime.loops import Loop
from runtime.metrics import OUTBOX_OLDEST_SECONDS, OUTBOX_ROWS
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Processor, Route
from runtime.relay import Relay
from runtime.settings import ServiceSettings
from runtime.telemetry import ExporterMissingError, Telemetry, exporting
from runtime.web import WebServer
from runtime.work import Worker

_DRAIN_SECONDS = 25.0
"""From SIGTERM to the end, below the usual 30 s after which a process is killed."""

_FROM_OUTSIDE = (CannotStartError, KafkaError, ConsumerDiedError, ExporterMissingError)

_log = get_logger(__name__)
SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


class Service:
    """What a service is put together from; its `main.py` fills it, `run` does the rest."""

    def __init__(self, name: str, settings: ServiceSettings, *, clock: Clock = system_clock) -> None:
        """`name` is the folder's: it is the consumer group, and with underscores the database schema."""
        self.name = name
        self.schema = name.replace("-", "_")
        self.settings = settings
        self.clock = clock
        self.engine: AsyncEngine = create_engine(settings.database_url, self.schema)
        self.telemetry = Telemetry(tracing=exporting(name, settings.otel_exporter_otlp_endpoint))
        outbox = Outbox(self.schema, partition_counts())
        self.worker = Worker(self.engine, outbox, group=name, clock=clock, telemetry=self.telemetry)
        self._probes: dict[str, Probe] = {"database": self._check_database}
        self.app = create_app(name, self._probes, self.telemetry)
        self._relay: Relay | None = None
        self._consumer: BatchConsumer | None = None
        self._loops: list[Loop] = []
        self._preparations: list[Callable[[], Awaitable[None]]] = []

    def consume(self, *routes: Route, holds: Holds | None = None) -> None:
        """Consume the routes' topics in one group, and send what the handlers publish."""
        topics = list(dict.fromkeys(route.topic for route in routes))
        processor = Processor(routes, self.worker, holds, dead_letter_fuse=self.settings.dead_letter_fuse)
        self._consumer = BatchConsumer(self.settings, self.name, topics, processor)
        self.probe("consumer", self._consumer.check)
        self.send()

    def send(self) -> None:
        """Relay the outbox."""
        if self._relay is None:
            self._relay = Relay(self.settings, self.schema, partition_counts(), self.telemetry.measurements)
            self.probe("relay", self._relay.check)
            self.probe("outbox", self._check_outbox)

    def repeat(self, loop: Loop) -> None:
        """Run `loop` for as long as the service lives."""
        self._loops.append(loop)
        loop.measure(self.telemetry.measurements)
        self.probe(loop.name, loop.check)

    def prepare(self, preparation: Callable[[], Awaitable[None]]) -> None:
        """Await it once the schema is there and before anything else starts."""
        self._preparations.append(preparation)

    def serve(self, router: APIRouter) -> None:
        """Add routes; every one wants an API key with the scope that it declares (`runtime.access.needs`)."""
        protect(router, self.settings.known_keys)
        self.app.include_router(router)

    def probe(self, name: str, probe: Probe) -> None:
        """Make `/readyz` depend on one more part."""
        self._probes[name] = probe

    async def run(self, migrations: Path | None) -> None:
        """Migrate, start, and work until SIGTERM or SIGINT, or until a part fails for good."""
        web = WebServer(self.app, self.settings.host, self.settings.port)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            if migrations:
                await upgrade(self.engine, self.schema, migrations)
            for preparation in self._preparations:
                await preparation()
            await self._run_parts(web, stop)
        finally:
            web.close()
            await self.engine.dispose()
            await asyncio.to_thread(self.telemetry.tracing.close)

    async def _run_parts(self, web: WebServer, stop: asyncio.Event) -> None:
        parts = [_named(web.run(), "web"), *(_named(loop.run(), loop.name) for loop in self._loops)]
        relay = _named(self._relay.run(), "relay") if self._relay else None
        watched = [*parts, *([relay] if relay else [])]
        stopping = _named(stop.wait(), "stop")
        try:
            if self._consumer:
                watched.append(await self._consumer.start())
            _log.info("started", port=self.settings.port)
            await asyncio.wait([*watched, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await self._drain(web, parts, relay)
        for task in watched:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _drain(self, web: WebServer, parts: list[asyncio.Task[Any]], relay: asyncio.Task[Any] | None) -> None:
        """Take no more in, end what is in work, send what is written."""
        _log.info("stopping")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                for loop in self._loops:
                    loop.stop()
                if self._consumer:
                    await self._consumer.stop()
                web.stop()
                await asyncio.wait(parts)
                if self._relay and relay:
                    self._relay.stop()
                    await asyncio.wait([relay])
        left = [task for task in (*parts, *([relay] if relay else [])) if not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _check_database(self) -> Check:
        await ping(self.engine)
        return Check(ok=True)

    async def _check_outbox(self) -> Check:
        backlog = await outbox_backlog(self.engine)
        self.telemetry.measurements.set(OUTBOX_ROWS, backlog.rows)
        self.telemetry.measurements.set(OUTBOX_OLDEST_SECONDS, backlog.oldest_seconds)
        return Check(ok=True, facts={"rows": backlog.rows, "oldest_seconds": backlog.oldest_seconds})


def _named(work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    return asyncio.create_task(work, name=name)


def run_service(
    name: str, settings: SettingsT, fill: Callable[[Service, SettingsT], None], *, migrations: Path | None = None
) -> None:
    """The whole life of a service's process. `fill` puts the service together.

    What can't work from outside (a taken port, no database, no broker) ends in one line in the log and exit code 1.
    """
    configure(name, settings.log_level)

    async def live() -> None:
        service = Service(name, settings)
        fill(service, settings)
        collect_seldom()
        await service.run(migrations)

    try:
        asyncio.run(live())
    except Exception as error:
        if not (is_transient(error) or isinstance(error, _FROM_OUTSIDE)):
            raise
        _log.error("can't run", error=_advice(error, settings))
        sys.exit(1)


def _advice(error: Exception, settings: ServiceSettings) -> str:
    if isinstance(error, CannotStartError | ExporterMissingError):
        return str(error)
    if isinstance(error, OSError) and "in use" in str(error):
        return f"port {settings.port} is taken: stop what listens there, or set PORT"
    if isinstance(error, ConsumerDiedError):
        return f"{error}; a new process goes on at the last committed offset"
    if isinstance(error, KafkaError):
        return f"Kafka at {settings.kafka_bootstrap_servers} (KAFKA_BOOTSTRAP_SERVERS): {one_line(error)}"
    return f"Postgres at {settings.database_url.hosts()[0].get('host')} (DATABASE_URL): {one_line(error)}"
