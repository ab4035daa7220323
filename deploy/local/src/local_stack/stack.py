"""The whole local stack: infrastructure, topics, sandboxes and services."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from contracts.topics import all_topics

from local_stack.config import StackConfig
from local_stack.infrastructure import Infrastructure
from local_stack.ports import require_free
from local_stack.program import Program
from local_stack.programs import Programs, mizan_programs
from local_stack.supervisor import Supervisor
from local_stack.together import together
from local_stack.topics import TopicSpec, create_topics

READY_TIMEOUT_S = 60.0


class Stack:
    """
    An async context: inside it, everything runs and is ready.

    Args:
        config: where and on which ports.
        report: takes one line for a person at each step, and whenever a program exits by itself.
        programs: what to run beside the infrastructure; the default is all of Mizan.
        topics: what to create; the default is the table of topics.

    Raises (on entering):
        StackError: something is missing or does not become ready; then nothing is left running.
    """

    def __init__(
        self,
        config: StackConfig,
        report: Callable[[str], None],
        *,
        programs: Programs | None = None,
        topics: Iterable[TopicSpec] | None = None,
    ) -> None:
        self.config = config
        self.supervisor = Supervisor(config.logs, report)
        self._report = report
        self._programs = programs or mizan_programs(config)
        self._topics = all_topics() if topics is None else topics
        self._infrastructure = Infrastructure(config, report, self.supervisor)

    @property
    def bootstrap_servers(self) -> str:
        return self.config.bootstrap_servers

    @property
    def database_url(self) -> str:
        return self.config.database_url

    def url(self, name: str) -> str:
        """Where the HTTP server of `name` (such as "inventory", "sandbox-noon") listens."""
        return self.config.url(name)

    async def kill(self, name: str) -> None:
        """SIGKILL a program, as a crash would; it is started again."""
        self.supervisor.kill(name)

    def restarts(self, name: str) -> int:
        """How often a program was started again."""
        return self.supervisor.restarts(name)

    async def start(self) -> None:
        """Start everything and wait until it is ready. On a failure `stop` must still be called."""
        require_free(self.config.own_ports())
        await together(self._start_infrastructure(), self._run(self._programs.sandboxes))
        await self._run(self._programs.services)

    async def stop(self) -> None:
        """Stop everything: the services, then the sandboxes, Kafka, Postgres."""
        try:
            await self.supervisor.stop([program.name for program in self._programs.services])
        finally:
            try:
                await self.supervisor.stop([program.name for program in self._programs.sandboxes])
            finally:
                await self._infrastructure.stop()

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

    async def _start_infrastructure(self) -> None:
        await self._infrastructure.start()
        await create_topics(self.bootstrap_servers, self._topics)

    async def _run(self, programs: Iterable[Program]) -> None:
        started = tuple(programs)
        for program in started:
            self.supervisor.start(program)
        await together(*(self._wait(program) for program in started))

    async def _wait(self, program: Program) -> None:
        await self.supervisor.wait_ready(program.name, timeout_s=READY_TIMEOUT_S)
        self._report(f"{program.name}: ready at {self.url(program.name)}")
