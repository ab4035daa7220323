"""Control's own readiness: each of the other services is one of its parts."""

import ssl

import httpx
from runtime.health import Check, Probe

from control.addresses import Address
from control.readiness import State, ask

_TIMEOUT_SECONDS = 1.9
"""Just below the time that a probe is given as a whole, so that the answer can name the address."""


def service_probe(address: Address, trust: ssl.SSLContext) -> Probe:
    """Asks the service at each check. `trust` is shared, since making one costs more than the question."""

    async def check() -> Check:
        async with httpx.AsyncClient(verify=trust) as client:
            readiness = await ask(client, address, timeout_seconds=_TIMEOUT_SECONDS)
        return Check(ok=readiness.state is State.READY, detail=readiness.detail)

    return check
