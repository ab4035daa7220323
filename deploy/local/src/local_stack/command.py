"""Runs a short command to its end."""

import asyncio
import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_stack.errors import StackError

_LAST_LINES = 15


async def run_to_end(
    argv: Sequence[str], *, timeout_s: float, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """
    Run `argv` and return what it printed (stdout and stderr together). It does not outlive a timeout or a cancellation.

    Raises:
        StackError: it took longer than `timeout_s`, or ended with an exit code other than 0.
    """
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(timeout_s):
            printed, _ = await process.communicate()
    except TimeoutError:
        raise StackError(f"{argv[0]} took longer than {timeout_s:.0f} s: {' '.join(argv)}") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    text = printed.decode(errors="replace")
    if process.returncode:
        last = "\n".join(text.splitlines()[-_LAST_LINES:])
        raise StackError(f"{argv[0]} ended with exit code {process.returncode}: {' '.join(argv)}\n{last}")
    return text
