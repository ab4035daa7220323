"""Kafka and Postgres in throwaway containers, for tests: the images and the settings of docker-compose.yml."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from local_stack import databases, images, kafka, postgres, topics
from local_stack.engine import Engine
from local_stack.errors import StackError
from local_stack.infrastructure import READY_TIMEOUT_S
from local_stack.ports import HOST, free_ports

_POLL_S = 0.1
_CLIENTS_PORT, _CONTROLLER_PORT, _POSTGRES_PORT = 29092, 9093, 5432


@asynccontextmanager
async def servers_in_containers(wanted: Sequence[str], engine: Engine) -> AsyncIterator[dict[str, str]]:
    """
    Start a container for each image of `wanted` (Kafka's, Postgres'), and give the variables that name the servers.

    Raises:
        StackError: one does not answer in time. Whatever is raised, nothing is left running.
        docker.errors.DockerException: the engine refuses.
    """
    if not engine.has_image(testcontainers_config.ryuk_image):
        testcontainers_config.ryuk_disabled = True  # the reaper: a container that removes these if we are killed
    ports = free_ports(wanted)
    named = {}
    with ExitStack() as running:
        if port := ports.get(images.KAFKA):
            running.enter_context(_kafka(port))
            named["KAFKA_BOOTSTRAP_SERVERS"] = f"{HOST}:{port}"
        if port := ports.get(images.POSTGRES):
            running.enter_context(_postgres(port))
            named["DATABASE_URL"] = f"postgresql://{postgres.SUPERUSER}@{HOST}:{port}/{postgres.SUPERUSER}"
        await _wait_for_answers(named)
        yield named


async def _wait_for_answers(named: Mapping[str, str]) -> None:
    probes = {"KAFKA_BOOTSTRAP_SERVERS": topics.answers, "DATABASE_URL": databases.answers}
    for variable, address in named.items():
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await _until_true(functools.partial(probes[variable], address))
        except TimeoutError:
            raise StackError(
                f"the container behind {variable}={address} did not answer within {READY_TIMEOUT_S:.0f} s; "
                "MIZAN_DOCKER=0 uses local processes instead"
            ) from None


async def _until_true(probe: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await probe():
            return
        await asyncio.sleep(_POLL_S)


def _kafka(port: int) -> DockerContainer:
    settings = {
        **kafka.NODE_SETTINGS,
        "controller.quorum.voters": f"1@localhost:{_CONTROLLER_PORT}",
        "listeners": f"PLAINTEXT://:{_CLIENTS_PORT},CONTROLLER://localhost:{_CONTROLLER_PORT}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    }
    environment = {kafka.variable_of(key): value for key, value in settings.items()}
    container = DockerContainer(images.KAFKA, env={**environment, "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m"})
    return _published(container, _CLIENTS_PORT, port)


def _postgres(port: int) -> DockerContainer:
    settings = {"max_connections": str(postgres.MAX_CONNECTIONS), **postgres.IN_UTC}
    flags = [flag for key, value in settings.items() for flag in ("-c", f"{key}={value}")]
    environment = {"POSTGRES_USER": postgres.SUPERUSER, "POSTGRES_HOST_AUTH_METHOD": "trust"}
    container = DockerContainer(images.POSTGRES, env=environment)
    return _published(container.with_command(["postgres", *flags, *postgres.QUICK]), _POSTGRES_PORT, port)


def _published(container: DockerContainer, inside: int, port: int) -> DockerContainer:
    """On this machine's own address only: these servers ask nobody for a password."""
    container.ports[str(inside)] = (HOST, port)  # type: ignore[assignment] # docker takes an address too
    return container
