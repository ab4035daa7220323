"""What a part of a service says when asked whether it works."""

import asyncio
import dataclasses as dc
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from runtime.errors import one_line


@dc.dataclass(frozen=True, slots=True)
class Check:
    """`detail` is one line for people, `facts` are figures for programs."""

    ok: bool
    detail: str = ""
    facts: Mapping[str, Any] = dc.field(default_factory=dict)


Probe = Callable[[], Awaitable[Check]]


async def run_probes(probes: Mapping[str, Probe], *, timeout_seconds: float = 2.0) -> dict[str, Check]:
    """Ask every part at once; one that fails or does not answer in time is not ok."""
    checks = await asyncio.gather(*(_run(probe, timeout_seconds) for probe in probes.values()))
    return dict(zip(probes, checks, strict=True))


async def _run(probe: Probe, timeout_seconds: float) -> Check:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await probe()
    except TimeoutError:
        return Check(ok=False, detail=f"no answer within {timeout_seconds:g} s")
    except Exception as error:  # noqa: BLE001 - a probe reports whatever is wrong, it never fails the endpoint
        return Check(ok=False, detail=one_line(error))
