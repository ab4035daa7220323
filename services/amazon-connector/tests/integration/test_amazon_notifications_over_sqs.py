import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiobotocore.session import get_session
from amazon_connector.notifications.sqs import SqsQueue
from amazon_connector.notifications.words import Reader
from connector_sdk.notifications.notification_queue import QueueError, Topic
from connector_sdk.testing.kafka import CreateTopics, Topics, open_topics
from connector_sdk.testing.served import serve
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.waiting import eventually
from contracts import MarketplaceOrderReceived
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from moto.server import ThreadedMotoServer
from sandbox.amazon.notifications import order_change
from sandbox.clock import system_clock
from sandbox.store import Store

pytestmark = pytest.mark.integration

ServeAmazon = Callable[..., contextlib.AbstractAsyncContextManager[str]]

REGION = "eu-west-1"
SELLER = {
    "AMAZON_CLIENT_ID": "amzn1.application-oa2-client.test",
    "AMAZON_CLIENT_SECRET": "made-up-secret",
    "AMAZON_REFRESH_TOKEN": "Atzr|made-up",
    "AMAZON_SELLER_ID": "A1SELLER",
}
NOWHERE = "http://127.0.0.1:9/123456789012/orders"


@pytest.fixture(scope="session")
def sqs_endpoint() -> Iterator[str]:
    """SQS in memory, behind real HTTP."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(sqs_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The usual variables, for this process and for others."""
    variables = {
        "AWS_ENDPOINT_URL": sqs_endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest_asyncio.fixture(loop_scope="session")
async def sqs(aws: dict[str, str]) -> AsyncIterator[Any]:
    async with get_session().create_client("sqs", region_name=aws["AWS_REGION"]) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def queue_url(sqs: Any) -> str:  # noqa: ANN401 - aiobotocore's clients are made at run time
    return str((await sqs.create_queue(QueueName=f"orders-{uuid.uuid4().hex}"))["QueueUrl"])


@pytest_asyncio.fixture(loop_scope="session")
async def queue(queue_url: str) -> AsyncIterator[SqsQueue]:
    opened = _queue(queue_url)
    yield opened
    await opened.close()


def _queue(url: str) -> SqsQueue:
    return SqsQueue(url, REGION, lambda: Reader("A1SELLER", "ARBP9OOSHTCHU"))


def _order_change() -> dict[str, Any]:
    """As the sandbox writes one."""
    store = Store(system_clock, lambda number: f"402-{number}", restocks_on_cancel=True)
    store.put_listing("X-A", 5)
    return order_change(store.place("X-A", 1), SELLER["AMAZON_SELLER_ID"], store.now())


@contextlib.asynccontextmanager
async def _amazon(serving: contextlib.AbstractAsyncContextManager[str]) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """A sandbox with a listing, its URL and its control surface."""
    async with serving as url, httpx.AsyncClient(base_url=f"{url}/_sandbox/") as sandbox:
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 100})
        yield url, sandbox


@contextlib.asynccontextmanager
async def _connector(
    topics: Topics, amazon: str, bootstrap_servers: str, **variables: str
) -> AsyncIterator[httpx.AsyncClient]:
    environment = {
        **SELLER,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": topics.prefix,
        "API_KEY": "key",
        "AMAZON_ENDPOINT": amazon,
        "AMAZON_LWA_URL": f"{amazon}/auth/o2/token",
        **variables,
    }
    async with (
        run_server("amazon_connector", environment) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
    ):
        yield connector


async def _send(sqs: Any, url: str, *bodies: object) -> None:  # noqa: ANN401 - see above
    for body in bodies:
        await sqs.send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))


async def _left(sqs: Any, url: str) -> int:  # noqa: ANN401 - see above
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


async def test_an_order_is_published_before_the_next_search(
    aws: dict[str, str],
    sqs: Any,  # noqa: ANN401 - see above
    queue_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    database_url: str,
    serve_amazon: ServeAmazon,
) -> None:
    connector_only = {
        **aws,
        "AMAZON_SQS_QUEUE_URL": queue_url,
        "DATABASE_URL": database_url,
        "AMAZON_ORDER_POLL_SECONDS": "3600",
        "AMAZON_ORDER_FETCH_RATE": "100",
    }
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        _amazon(serve_amazon(AMAZON_SQS_QUEUE_URL=queue_url)) as (amazon, sandbox),
        _connector(topics, amazon, bootstrap_servers, **connector_only) as connector,
        asyncio.timeout(90),
    ):
        await eventually(lambda: _has_searched(sandbox))
        await _send(sqs, queue_url, "poison")
        await sandbox.put("faults", json={"duplicate_rate": 1, "reorder": True})
        placed = (await sandbox.post("orders", json={"external_sku": "X-A", "quantity": 2})).json()
        (order,) = await _first_orders(topics, 1)
        assert (order.external_order_id, order.lines[0].quantity) == (placed["external_order_id"], 2)

        await sandbox.post(f"orders/{placed['external_order_id']}/cancel", json={})
        told = await _first_orders(topics, 2)
        assert [each.status.value for each in told] == ["unshipped", "cancelled"]
        assert await _searches(sandbox) == 1

        async def is_empty() -> bool:
            return await _left(sqs, queue_url) == 0

        await eventually(is_empty)
        metrics = (await connector.get("/metrics")).text
        assert 'mizan_notifications_total{outcome="taken",topic="order"} 2.0' in metrics
        assert 'mizan_notifications_total{outcome="repeated",topic="any"} 2.0' in metrics
        assert 'mizan_notifications_total{outcome="unusable",topic="any"} 1.0' in metrics
        ready = await connector.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["notifications"]["failures"]) == (200, 0)


async def test_a_dead_queue_stops_no_search(
    aws: dict[str, str],
    bootstrap_servers: str,
    create_topics: CreateTopics,
    database_url: str,
    serve_amazon: ServeAmazon,
) -> None:
    connector_only = {
        **aws,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AMAZON_SQS_QUEUE_URL": NOWHERE,
        "DATABASE_URL": database_url,
        "AMAZON_ORDER_POLL_SECONDS": "0.2",
    }
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        _amazon(serve_amazon()) as (amazon, sandbox),
        _connector(topics, amazon, bootstrap_servers, **connector_only) as connector,
        asyncio.timeout(90),
    ):
        await sandbox.post("orders", json={"external_sku": "X-A", "quantity": 2})
        assert isinstance((await topics.first("marketplace.order.received")).data, MarketplaceOrderReceived)

        async def is_told() -> bool:
            answer = await connector.get("/readyz")
            detail = answer.json()["checks"]["notifications"].get("detail", "")
            return answer.status_code == 200 and "AMAZON_SQS_QUEUE_URL" in detail

        await eventually(is_told)


async def test_messages_are_understood_one_by_one_and_deleted(
    sqs: Any,  # noqa: ANN401 - see above
    queue_url: str,
    queue: SqsQueue,
) -> None:
    told = _order_change()
    event = {"version": "0", "id": "1", "detail-type": "ORDER_CHANGE", "detail": _order_change()}
    await _send(sqs, queue_url, told, "poison", event)
    batch = await queue.receive()

    assert [each.topic for each in batch.notifications] == [Topic.ORDER, Topic.ORDER]
    assert batch.notifications[0].notification_id == told["NotificationMetadata"]["NotificationId"]
    assert [(each.reason, each.body) for each in batch.unreadable] == [("it is no JSON", "poison")]
    assert await _left(sqs, queue_url) == 3, "received is not deleted"
    assert await queue.delete(batch.receipts) == 0
    assert await _left(sqs, queue_url) == 0


async def test_a_message_comes_again_when_its_time_runs_out_and_can_then_be_deleted(
    sqs: Any,  # noqa: ANN401 - see above
    queue_url: str,
    queue: SqsQueue,
) -> None:
    await _send(sqs, queue_url, _order_change())
    (first,) = (await queue.receive()).notifications
    await sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=first.receipt, VisibilityTimeout=0)
    (second,) = (await queue.receive()).notifications

    assert first.notification_id == second.notification_id
    assert await queue.delete([second.receipt]) == 0
    assert await _left(sqs, queue_url) == 0


async def test_a_receipt_that_is_worth_nothing_is_counted_and_spoils_no_other(
    sqs: Any,  # noqa: ANN401 - see above
    queue_url: str,
    queue: SqsQueue,
) -> None:
    await _send(sqs, queue_url, _order_change())
    (received,) = (await queue.receive()).notifications
    assert await queue.delete(["worth-nothing", received.receipt]) == 1
    assert await _left(sqs, queue_url) == 0


async def test_a_refusal_names_the_credentials_and_not_what_aws_says_of_them(
    aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = FastAPI()

    @refusing.post("/")
    async def refuse() -> JSONResponse:
        told = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": "User AKIAMADEUP is not allowed"}
        return JSONResponse(told, 403)

    async with serve(refusing) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        refused = _queue(f"{url}/123456789012/orders")
        with pytest.raises(QueueError, match="AWS_ACCESS_KEY_ID") as caught:
            await refused.receive()
        await refused.close()
    assert "AKIAMADEUP" not in str(caught.value)
    assert aws["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)


async def test_every_error_says_what_to_look_at(
    aws: dict[str, str], queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = _queue(f"{aws['AWS_ENDPOINT_URL']}/123456789012/no-such-queue")
    with pytest.raises(QueueError, match="check AMAZON_SQS_QUEUE_URL and AWS_REGION"):
        await missing.receive()

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    nobody = _queue(queue_url)
    with pytest.raises(QueueError, match="AWS_ACCESS_KEY_ID"):
        await nobody.receive()

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    dead = _queue(NOWHERE)
    with pytest.raises(QueueError, match="can't be reached"):
        await dead.receive()
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws["AWS_ENDPOINT_URL"])
    with pytest.raises(QueueError, match="no queue"):
        await dead.receive()
    for each in (missing, nobody, dead):
        await each.close()


async def _first_orders(topics: Topics, count: int) -> list[MarketplaceOrderReceived]:
    """The topic's first orders, without its watermarks."""
    found: list[MarketplaceOrderReceived] = []
    async with contextlib.aclosing(topics.events("marketplace.order.received")) as events:
        async for event in events:
            if isinstance(event.data, MarketplaceOrderReceived):
                found.append(event.data)
            if len(found) == count:
                break
    return found


async def _searches(sandbox: httpx.AsyncClient) -> int:
    calls = (await sandbox.get("calls")).json()
    return sum(call["path"] == "/orders/2026-01-01/orders" for call in calls)


async def _has_searched(sandbox: httpx.AsyncClient) -> bool:
    return await _searches(sandbox) == 1
