import asyncio
import os
import signal
import socket
import sys
import time

import httpx
import pytest

NOON = {"NOON_PARTNER_ID": "P", "NOON_API_KEY": "k", "NOON_SECRET_KEY": "s"}
AMAZON = {
    "AMAZON_CLIENT_ID": "c",
    "AMAZON_CLIENT_SECRET": "s",
    "AMAZON_REFRESH_TOKEN": "r",
    "AMAZON_SELLER_ID": "S",
}


async def start(module: str, environment: dict[str, str]) -> asyncio.subprocess.Process:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AMAZON_", "NOON_", "SANDBOX_"))}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env=own | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def answers(url: str, *, within: float = 30) -> bool:
    deadline = time.monotonic() + within
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            try:
                return (await client.get(url)).status_code == 200
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize(("module", "environment"), [("sandbox.noon", NOON), ("sandbox.amazon", AMAZON)])
async def test_missing_credentials_are_named_in_one_line(module: str, environment: dict[str, str]) -> None:
    process = await start(module, {"PORT": "high"})
    output, errors = await asyncio.wait_for(process.communicate(), timeout=60)
    assert (process.returncode, output) == (2, b"")
    said = errors.decode()
    assert said == f"{module}: set {', '.join(environment)}; PORT must be a whole number, not 'high'\n"


@pytest.mark.parametrize(("module", "environment"), [("sandbox.noon", NOON), ("sandbox.amazon", AMAZON)])
async def test_process_serves_and_leaves_quietly_on_sigterm(module: str, environment: dict[str, str]) -> None:
    port = free_port()
    process = await start(module, environment | {"PORT": str(port)})
    try:
        assert await answers(f"http://127.0.0.1:{port}/_sandbox/state")
    finally:
        process.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(process.communicate(), timeout=60)
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_marketplace_that_is_down_breaks_connections_too() -> None:
    port = free_port()
    process = await start("sandbox.noon", NOON | {"PORT": str(port), "SANDBOX_SEED": "1"})
    url = f"http://127.0.0.1:{port}"
    broken = refused = 0
    try:
        assert await answers(f"{url}/_sandbox/state")
        async with httpx.AsyncClient() as client:
            await client.put(f"{url}/_sandbox/faults", json={"down_s": 600})
            for _ in range(20):
                try:
                    refused += (await client.get(f"{url}/orders")).status_code == 503
                except httpx.RemoteProtocolError:
                    broken += 1
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), timeout=60)
    assert broken + refused == 20
    assert broken > 0
    assert refused > 0
