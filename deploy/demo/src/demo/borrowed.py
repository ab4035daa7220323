"""A day in the system of docker-compose.yml that runs already: it is borrowed, and given back as it was."""

import contextlib
import dataclasses as dc
from collections.abc import AsyncIterator, Callable, Mapping

from local_stack.compose import ComposeStack, docker_is_usable
from local_stack.config import StackConfig


def is_running(config: StackConfig, report: Callable[[str], None]) -> bool:
    """Whether `docker compose up` or `make up` has started it in Docker."""
    return docker_is_usable(config, report) and ComposeStack(config, report).exists


@contextlib.asynccontextmanager
async def borrowed(
    config: StackConfig, settings: Mapping[str, str], report: Callable[[str], None]
) -> AsyncIterator[ComposeStack]:
    """Its containers with the demo's `settings`, its data and its sandboxes as they are; afterwards with its own again.

    Raises:
        StackError: something does not become healthy.
    """
    stack = ComposeStack(dc.replace(config, extra_environment=settings), report)
    report("the system is running: its services start anew with the demo's settings")
    try:
        await stack.start()
        yield stack
    finally:
        report("the system is given back: its services start anew with their own settings")
        await ComposeStack(config, report).start()
