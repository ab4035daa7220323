"""The whole system in containers, as docker-compose.yml describes it."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from local_stack.choice import DOCKER_VARIABLE, choose, images_of_the_system
from local_stack.command import run_to_end
from local_stack.config import StackConfig, repository
from local_stack.engine import Engine, docker_command
from local_stack.errors import StackError
from local_stack.ports import variable_of
from local_stack.programs import DEFAULT_API_KEY, SANDBOXES, SERVICES

PROJECT = "mizan"
_START_TIMEOUT_S = 1800.0
_STOP_TIMEOUT_S = 180.0
_SHORT_TIMEOUT_S = 60.0
_LAST_LINES = 5


def docker_is_chosen(config: StackConfig, report: Callable[[str], None]) -> bool:
    """Whether the whole system is to run in Docker; `report` is told why not where Docker answers."""
    needed = images_of_the_system(config.environment)
    choice = choose(config.environment, needed, Engine(config.environment, report).ask_for_compose)
    if choice.remark:
        report(choice.remark)
    return choice.docker


def docker_is_usable(config: StackConfig, report: Callable[[str], None]) -> bool:
    """Whether an engine with compose answers and MIZAN_DOCKER is not 0, whatever images there are."""
    if config.environment.get(DOCKER_VARIABLE) == "0":
        return False
    answer = Engine(config.environment, report).ask_for_compose(())
    return answer.answers and not answer.lacking


class ComposeStack:
    """
    An async context: inside it, everything runs and is healthy; after it nothing is left, the data neither.

    Args:
        config: the ports on this machine and the environment; its folder is not used.
        report: takes one line for a person at each step.
        project: compose's name for it; two projects share nothing but the images.

    Raises (on entering):
        StackError: an image can't be built, or something does not become healthy; then nothing is left running.
    """

    def __init__(self, config: StackConfig, report: Callable[[str], None], *, project: str = PROJECT) -> None:
        self._config = config
        self._report = report
        self._project = project
        self._environment = {
            "API_KEY": DEFAULT_API_KEY,  # whatever a file .env says: callers on this machine don't read it
            **config.environment,
            **config.extra_environment,
            **{variable_of(name): str(port) for name, port in config.ports.items()},
            **({"MIZAN_POSTGRES_FSYNC": "off"} if config.throwaway else {}),
        }
        self._engine = Engine(self._environment, report)

    @property
    def bootstrap_servers(self) -> str:
        return self._config.bootstrap_servers

    @property
    def exists(self) -> bool:
        """Whether an engine answers and has any container of it."""
        return bool(self._engine.containers_of(self._project))

    @property
    def is_healthy(self) -> bool:
        """Whether Kafka, Postgres, every sandbox and every service is healthy now."""
        return len(self._engine.containers_of(self._project, "health=healthy")) == 2 + len(SANDBOXES) + len(SERVICES)

    def url(self, name: str) -> str:
        """Where the HTTP server of `name` (such as "inventory", "sandbox-noon") listens on this machine."""
        return self._config.url(name)

    async def start(self) -> None:
        """Build what changed, start everything and wait until it is healthy."""
        self._report("Docker: building the images, then starting everything")
        try:
            await self._compose("up", "--build", "--wait", timeout_s=_START_TIMEOUT_S)
        except StackError as error:
            logs = await self._compose("logs", "--no-color", f"--tail={_LAST_LINES}", timeout_s=_SHORT_TIMEOUT_S)
            raise StackError(f"{error}\n{logs}MIZAN_DOCKER=0 uses local processes instead") from None
        self._report("Docker: everything is healthy")

    async def stop(self, *, purge: bool) -> None:
        """Stop and remove the containers; `purge`: the data too."""
        await self._compose("down", *(["--volumes"] if purge else []), timeout_s=_STOP_TIMEOUT_S)

    async def table(self) -> str:
        """The containers and how they are, for a person."""
        return await self._compose("ps", timeout_s=_SHORT_TIMEOUT_S)

    async def kill(self, name: str) -> None:
        """SIGKILL a program, as a crash would; the engine starts it again."""
        # Compose's own `kill` counts as a stop that was wanted. This one spares only the container's init, which ends.
        await self._compose("exec", "--detach", name, "sh", "-c", "kill -KILL -1", timeout_s=_SHORT_TIMEOUT_S)

    def restarts(self, name: str) -> int:
        """How often a program was started again."""
        found = self._engine.containers_of(self._project, f"label=com.docker.compose.service={name}")
        return sum(self._engine.restarts(container) for container in found)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:  # a cancelled start must leave nothing behind either
            await self.stop(purge=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop(purge=True)

    async def _compose(self, *words: str, timeout_s: float) -> str:
        file = repository() / "docker-compose.yml"
        argv = [docker_command(self._environment), "compose", "--file", str(file), "--project-name", self._project]
        return await run_to_end([*argv, *words], timeout_s=timeout_s, environment=self._environment)
