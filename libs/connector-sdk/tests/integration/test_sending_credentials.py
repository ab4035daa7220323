"""New credentials take effect at once, in every replica, and are never told to anybody."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.credentials.renewal import Renewal
from connector_sdk.credentials.routes import CredentialRoutes
from connector_sdk.credentials.vault import Vault
from connector_sdk.leader import Leader
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.feed_bench import go_on
from connector_sdk.testing.targets import CHANNEL, delivery
from contracts import ChannelState, ChannelStatusChanged
from cryptography.fernet import Fernet
from pydantic import SecretStr
from runtime.errors import CannotStartError
from runtime.http import create_app
from runtime.logs import configure
from runtime.telemetry import Telemetry
from runtime.testing.spans import RecordedSpans
from runtime.work import Worker

pytestmark = pytest.mark.integration

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PATIENT = PushPolicy(rate=1000, burst=100, backoff_seconds=600.0, unauthorised_seconds=600.0)
SENT = {"TESTMART_KEY": "s3cret-key", "TESTMART_SECRET": "s3cret-secret"}
NO_ACCOUNT = MarketplaceError(Outcome.UNAUTHORISED, "wrong key")


class Replica:
    """A connector's credentials, over a marketplace that takes those in `SENT` alone."""

    def __init__(
        self, database: ConnectorDatabase, leader: Leader, key: str = OLD, worker: Worker | None = None
    ) -> None:
        self.marketplace = FakeMarketplace()
        self.vault = Vault.of(SecretStr(key))
        self.credentials = Credentials({"TESTMART_KEY": SecretStr("env-key"), "TESTMART_SECRET": SecretStr("")})
        self.orders_asked_for = 0
        self.spans = RecordedSpans()
        check, kept = database.account_check(self.marketplace, leader), worker or database.worker
        self.renewal = Renewal(self.credentials, self.vault, check, kept, read_orders=self._read_orders)
        self.routes = CredentialRoutes(CHANNEL, self.credentials, self.vault, self.renewal)

    @property
    def values(self) -> dict[str, str]:
        return {name: value.get_secret_value() for name, value in self.credentials.values().items()}

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app("test-connector", {}, Telemetry(tracing=self.spans.tracing))
        app.include_router(self.routes.router())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://connector/v1") as client:
            yield client

    async def put(self, body: object) -> httpx.Response:
        async with self.served() as client:
            return await client.put("/credentials", json=body)

    def _read_orders(self) -> None:
        self.orders_asked_for += 1


@pytest_asyncio.fixture(loop_scope="session")
async def leader(database: ConnectorDatabase) -> AsyncIterator[Leader]:
    opened = database.leader()
    yield opened
    await opened.close()


async def _everything_kept(database: ConnectorDatabase) -> str:
    kept = [await database.rows(f"select * from {table}") for table in ("credentials", "outbox", "channel_state")]  # noqa: S608 - constants
    return str(kept)


async def test_what_is_sent_is_sealed_used_at_once_and_never_shown(
    database: ConnectorDatabase, leader: Leader, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("testmart", "info")
    replica = Replica(database, leader)
    answer = await replica.put(SENT)

    assert answer.status_code == 200
    assert replica.values == SENT
    assert answer.json()["check"] == {"ok": True, "outcome": "accepted", "detail": "the account works"}
    async with replica.served() as client:
        shown = (await client.get("/credentials")).json()
    assert shown["can_store"] is True
    assert [(each["name"], each["source"]) for each in shown["credentials"]] == [(name, "stored") for name in SENT]
    assert all(each["stored_at"] for each in shown["credentials"])

    forgotten = await replica.put({"TESTMART_KEY": None})
    assert replica.values["TESTMART_KEY"] == "env-key"
    told = [(each["source"], each["stored_at"] is None) for each in forgotten.json()["credentials"]]
    assert told == [("environment", True), ("stored", False)]
    traced = "".join(span.to_json() for span in replica.spans.ended())
    assert "/v1/credentials" in traced
    kept = await _everything_kept(database)
    said = "".join([traced, answer.text, str(shown), forgotten.text, kept, *capfd.readouterr()])
    assert "credentials changed" in said
    assert "s3cret" not in said


async def test_a_channel_that_was_refused_writes_again_at_once(database: ConnectorDatabase, leader: Leader) -> None:
    replica = Replica(database, leader)
    replica.marketplace.default = Outcome.UNAUTHORISED
    pusher = database.pusher(replica.marketplace, PATIENT, leader)
    await database.take_in(delivery("A", 1, 0), delivery("B", 1, 0))
    await go_on(pusher.step, lambda: _is_refused(database))
    await database.run("update channel_state set orders_refused = 'wrong key'")
    tried = len(replica.marketplace.submitted)
    await pusher.step()
    assert len(replica.marketplace.submitted) == tried, "while it is refused it is left alone"

    replica.marketplace.account = NO_ACCOUNT
    wrong = await replica.put({"TESTMART_KEY": "s3cret-but-wrong", "TESTMART_SECRET": "s3cret"})
    assert (wrong.json()["check"]["ok"], wrong.json()["check"]["outcome"]) == (False, "unauthorised")
    assert "check TESTMART_KEY" in wrong.json()["check"]["detail"]
    assert await _is_refused(database)
    assert replica.orders_asked_for == 1, "so that it is known at once whether they are refused"

    replica.marketplace.account, replica.marketplace.default = None, Outcome.ACCEPTED
    assert (await replica.put(SENT)).json()["check"]["ok"] is True
    assert replica.orders_asked_for == 2, "they were refused, and whoever reads them finds out"
    await go_on(pusher.step, lambda: _are_accepted(database, 2))
    await pusher.close()
    assert not await _is_refused(database)
    assert "s3cret" not in await _everything_kept(database)


async def test_every_replica_takes_them_in_and_asks_until_somebody_answers(
    database: ConnectorDatabase, leader: Leader
) -> None:
    one, other = Replica(database, leader), Replica(database, leader)
    await other.renewal.load()
    other.marketplace.account = MarketplaceError(Outcome.RETRY, "busy")
    await database.run("update channel_state set stock_refused = 'wrong key'")
    one.marketplace.account = MarketplaceError(Outcome.RETRY, "busy")
    await one.put(SENT)
    assert await other.renewal.step() < 10
    assert other.values == SENT
    assert await _is_refused(database)
    other.marketplace.account = None
    assert await other.renewal.step() > 10
    assert not await _is_refused(database)

    stranger = Replica(database, leader, NEW)
    await stranger.renewal.step()
    assert stranger.credentials.missing == ["TESTMART_SECRET"]
    check = await stranger.renewal.check()
    assert (check.ok, "CREDENTIALS_KEY does not open" in check.detail) == (False, True)
    answer = (await stranger.put({"TESTMART_KEY": "s3cret-key"})).json()["check"]
    assert (answer["ok"], "not in force" in answer["detail"]) == (False, True)


async def test_a_start_needs_a_key_that_opens_what_is_stored(database: ConnectorDatabase, leader: Leader) -> None:
    await Replica(database, leader).put(SENT)
    for key, problem in ((NEW, "does not open the stored credentials"), ("", "is not set, but credentials are stored")):
        with pytest.raises(CannotStartError, match=problem) as told:
            await Replica(database, leader, key).renewal.load()
        assert "CREDENTIALS_KEY" in str(told.value)
        assert "s3cret" not in str(told.value)

    rotating = Replica(database, leader, f"{NEW},{OLD}")
    await rotating.renewal.load()
    assert rotating.values == SENT
    rotated = Replica(database, leader, NEW)
    await rotated.renewal.load()
    assert rotated.values == SENT, "the newer key sealed them anew, so the older one is not needed any more"
    with pytest.raises(CannotStartError):
        await Replica(database, leader, OLD).renewal.load()


async def test_without_a_key_nothing_is_stored_and_the_answer_says_what_to_do(
    database: ConnectorDatabase, leader: Leader
) -> None:
    replica = Replica(database, leader, "")
    await replica.renewal.load()
    answer = await replica.put(SENT)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == "urn:mizan:problem:no-credentials-key"
    assert "set CREDENTIALS_KEY (openssl rand" in problem["detail"]
    assert await database.rows("select * from credentials") == []
    wrong = await Replica(database, leader).put({"s3cret": "TESTMART_KEY"})
    assert (wrong.status_code, "s3cret" in wrong.text) == (422, False)
    assert (await Replica(database, leader).put(["s3cret"])).status_code == 422


async def test_a_start_without_credentials_says_at_once_what_to_do(database: ConnectorDatabase, leader: Leader) -> None:
    replica = Replica(database, leader)
    await replica.renewal.load()
    (told,) = [event.data for event in await database.published("channel.status.changed")]
    assert isinstance(told, ChannelStatusChanged)
    assert told.state is ChannelState.UNAUTHORISED
    assert (told.last_error or "").startswith("no credentials: TESTMART_SECRET not set; send what is missing to PUT")
    await replica.put(SENT)
    assert replica.orders_asked_for == 1


async def test_without_a_database_nothing_changes(database: ConnectorDatabase, leader: Leader, nowhere: Worker) -> None:
    replica = Replica(database, leader, worker=nowhere)
    answer = await replica.put(SENT)
    assert (answer.status_code, "s3cret" in answer.text) == (503, False)
    assert replica.credentials.missing == ["TESTMART_SECRET"]


async def _is_refused(database: ConnectorDatabase) -> bool:
    (row,) = await database.rows("select stock_refused from channel_state")
    return row.stock_refused is not None


async def _are_accepted(database: ConnectorDatabase, count: int) -> bool:
    return len(await database.rows("select 1 from pushes where state = 'accepted'")) == count
