"""Several steps at once, with one error that can be read."""

import asyncio
from collections.abc import Coroutine

from local_stack.errors import first_stack_error


async def together(*steps: Coroutine[object, object, object]) -> None:
    """
    Run `steps` at once and wait for all; the first failure cancels the rest.

    Raises:
        StackError: the first one that a step raised, bare, where any did; else the exception group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failures:
        error = first_stack_error(failures)
        if error is None:
            raise
        raise error from None
