"""Kafka and Postgres, started where the environment names none."""

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Self

from local_stack import databases, kafka, postgres, topics
from local_stack.config import StackConfig
from local_stack.kafka_jars import kafka_jars
from local_stack.prerequisites import find_java
from local_stack.supervisor import Supervisor
from local_stack.together import together

READY_TIMEOUT_S = 60.0


class Infrastructure:
    """
    An async context: inside it, Kafka and Postgres answer.

    Raises (on entering):
        StackError: something is missing or does not start; then nothing is left running.
    """

    def __init__(
        self, config: StackConfig, report: Callable[[str], None], supervisor: Supervisor | None = None
    ) -> None:
        self.supervisor = supervisor or Supervisor(config.logs, report)
        self._config = config
        self._report = report

    @property
    def bootstrap_servers(self) -> str:
        return self._config.bootstrap_servers

    @property
    def database_url(self) -> str:
        return self._config.database_url

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:  # a cancelled start must leave nothing behind either
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start both and wait until they answer. On a failure `stop` must still be called."""
        await together(self._start_kafka(), self._start_postgres())

    async def stop(self) -> None:
        """Stop Kafka, then Postgres."""
        try:
            await self.supervisor.stop([kafka.NAME])
        finally:
            await self.supervisor.stop([postgres.NAME])

    async def _start_kafka(self) -> None:
        config = self._config
        if config.external_kafka:
            self._report(f"Kafka: using {config.external_kafka}")
            return
        path = config.environment.get("PATH")
        java = await find_java(path)
        jars = await kafka_jars(config.cache, path, self._report)
        program = await kafka.prepare(config, java, jars)
        self.supervisor.start(program)
        await self.supervisor.wait_ready(kafka.NAME, timeout_s=READY_TIMEOUT_S)
        probe = functools.partial(topics.answers, config.bootstrap_servers)
        await self.supervisor.wait_ready(kafka.NAME, timeout_s=READY_TIMEOUT_S, probe=probe)
        self._report(f"Kafka: ready at {config.bootstrap_servers}")

    async def _start_postgres(self) -> None:
        config = self._config
        if config.external_database:
            self._report("Postgres: using the one that DATABASE_URL names")
            return
        program = await postgres.prepare(config)
        self.supervisor.start(program)
        server = databases.with_database(config.database_url, "postgres")
        probe = functools.partial(databases.answers, server)
        await self.supervisor.wait_ready(postgres.NAME, timeout_s=READY_TIMEOUT_S, probe=probe)
        await databases.ensure_database(config.database_url)
        self._report(f"Postgres: ready at {config.database_url}")
