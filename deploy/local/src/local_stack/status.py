"""What a recorded stack is doing now."""

import asyncio

from local_stack.ports import HOST
from local_stack.readiness import is_ready
from local_stack.state import ProgramState, StackState
from local_stack.table import table


async def conditions(state: StackState) -> dict[str, str]:
    """For each program "ready", "running" (but not ready) or "gone"."""
    found = await asyncio.gather(*(_condition(program) for program in state.programs))
    return {program.name: condition for program, condition in zip(state.programs, found, strict=True)}


async def _condition(program: ProgramState) -> str:
    if not program.alive:
        return "gone"
    return "ready" if await is_ready(program.port, program.ready_url) else "running"


def status_table(state: StackState, found: dict[str, str]) -> str:
    """One row for each program."""
    heading = ("program", "state", "pid", "restarts", "address", "log")
    rows = [
        (
            program.name,
            found[program.name],
            str(program.process.pid) if program.process else "-",
            str(program.restarts),
            f"http://{HOST}:{program.port}" if program.ready_url else f"{HOST}:{program.port}",
            program.log,
        )
        for program in state.programs
    ]
    return table([heading, *rows])
