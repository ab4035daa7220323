"""Both stand-ins behind in-process clients, on a clock that tests move."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
from sandbox.amazon import app as amazon_app
from sandbox.amazon.settings import AmazonSettings
from sandbox.noon import app as noon_app
from sandbox.noon.settings import NoonSettings
from sandbox.noon.signature import Parameter, sign
from sandbox.testing.manual_clock import ManualClock

Sign = Callable[..., dict[str, Parameter]]

AMAZON = AmazonSettings(
    client_id="client", client_secret="client-secret", refresh_token="Atzr|refresh", seller_id="SELLER1"
)
NOON = NoonSettings(partner_id="P-1", api_key="key-1", secret_key="secret")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def amazon_stranger(clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """The Amazon stand-in, called by someone without a token."""
    transport = httpx.ASGITransport(amazon_app.build(AMAZON, clock, seed=7))
    async with httpx.AsyncClient(transport=transport, base_url="http://amazon.test") as client:
        yield client


@pytest.fixture
async def amazon(amazon_stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    """The Amazon stand-in, called by the seller."""
    form = {
        "grant_type": "refresh_token",
        "client_id": AMAZON.client_id,
        "client_secret": AMAZON.client_secret,
        "refresh_token": AMAZON.refresh_token,
    }
    token = (await amazon_stranger.post("/auth/o2/token", data=form)).json()["access_token"]
    amazon_stranger.headers["x-amz-access-token"] = token
    return amazon_stranger


@pytest.fixture
async def late_amazon(clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """An Amazon stand-in whose order searches end two minutes ago and whose tokens live five."""
    settings = AmazonSettings(
        client_id="client",
        client_secret="client-secret",
        refresh_token="Atzr|refresh",
        seller_id="SELLER1",
        token_life=timedelta(seconds=300),
        order_delay=timedelta(seconds=120),
    )
    transport = httpx.ASGITransport(amazon_app.build(settings, clock))
    form = {
        "grant_type": "refresh_token",
        "client_id": "client",
        "client_secret": "client-secret",
        "refresh_token": "Atzr|refresh",
    }
    async with httpx.AsyncClient(transport=transport, base_url="http://amazon.test") as client:
        token = (await client.post("/auth/o2/token", data=form)).json()["access_token"]
        client.headers["x-amz-access-token"] = token
        yield client


@pytest.fixture
async def noon(clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """The Noon stand-in, called with the right API key."""
    transport = httpx.ASGITransport(noon_app.build(NOON, clock, seed=7))
    headers = {"X-API-Key": NOON.api_key}
    async with httpx.AsyncClient(transport=transport, base_url="http://noon.test", headers=headers) as client:
        yield client


@pytest.fixture
def signed(clock: ManualClock) -> Sign:
    """Complete a call's parameters: partner, time and signature."""

    def complete(*, timestamp: int | str | None = None, **parameters: Parameter) -> dict[str, Parameter]:
        moment = int(clock.now.timestamp() * 1000) if timestamp is None else timestamp
        full: dict[str, Parameter] = {"partner_id": NOON.partner_id, "timestamp": moment, **parameters}
        return full | {"signature": sign(NOON.secret_key, full)}

    return complete
