import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts import dead_letter as header
from control.main import MIGRATIONS, fill
from control.settings import Settings
from control.testing.stub_service import stub_service
from control.testing.topics import Ended, OwnTopics
from runtime.dead_letter import dead_letter
from runtime.migrations import upgrade
from runtime.records import Record, from_kafka
from runtime.service import Service
from runtime.testing.clocks import FixedClock
from runtime.web import WebServer

pytestmark = pytest.mark.integration

TOPIC = "stock.changed"
LETTERS = "stock.changed.inventory.dlq"
CLOCK = FixedClock()
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
async def control(database_url: str, topics: OwnTopics) -> AsyncIterator[str]:
    """Control's HTTP API on a port of its own."""
    settings = Settings.model_validate(
        {
            "kafka_bootstrap_servers": topics.bootstrap_servers,
            "database_url": database_url,
            "api_key": "secret",
            "inventory_url": "http://127.0.0.1:1",
            "amazon_connector_url": "http://127.0.0.1:1",
            "noon_connector_url": "http://127.0.0.1:1",
            "order_importer_url": "http://127.0.0.1:1",
        }
    )
    service = Service("control", settings)
    fill(service, settings)
    await upgrade(service.engine, service.schema, MIGRATIONS)
    port = _free_port()
    web = WebServer(service.app, "127.0.0.1", port)
    serving = asyncio.create_task(web.run())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        web.stop()
        await serving
        web.close()
        await service.engine.dispose()


def _free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
    return port


async def _set_aside(topics: OwnTopics, value: bytes, *, key: bytes | None = b"A", reason: str = "unknown-sku") -> None:
    """What the inventory does with a record that it can't use."""
    await topics.send(TOPIC, value, key=key)
    original = next(record for record in await topics.read(TOPIC) if record.value == value)
    row = dead_letter(from_kafka(original, topics.prefix), "inventory", reason, "what is wrong", CLOCK())
    await topics.send(LETTERS, value, key=key, headers=row.headers)


async def _dlq(topics: OwnTopics, control: str, *arguments: str, **environment: str) -> Ended:
    return await topics.mizan("dlq", *arguments, CONTROL_URL=control, **environment)


async def _open(topics: OwnTopics, control: str) -> dict[str, int]:
    """Open letters by reason."""
    ended = await _dlq(topics, control, "list", "--json")
    told = json.loads(ended.out)
    assert ended.code == (1 if told["open"] else 0), ended.err
    return {kind["reason"]: kind["count"] for kind in told["letters"]}


async def test_letters_are_counted_by_topic_group_and_reason(topics: OwnTopics, control: str) -> None:
    assert (await _dlq(topics, control, "list")).out == "no open dead letters\n"
    for n in range(3):
        await _set_aside(topics, b"%d" % n)
    await _set_aside(topics, b"{", reason="not-json")
    ended = await _dlq(topics, control, "list", "--json")
    oldest = CLOCK().isoformat()
    common = {"topic": TOPIC, "group": "inventory", "oldest": oldest}
    assert json.loads(ended.out) == {
        "open": 4,
        "letters": [{"reason": "not-json", "count": 1} | common, {"reason": "unknown-sku", "count": 3} | common],
    }
    table = await _dlq(topics, control, "list")
    assert table.code == 1
    assert all(word in table.out for word in (TOPIC, "inventory", "not-json", "unknown-sku", "3", oldest))


async def test_a_letter_is_shown_with_its_headers_and_its_value(topics: OwnTopics, control: str) -> None:
    await _set_aside(topics, '{"title": "كوب"}'.encode())
    await _set_aside(topics, b"\xff\x00", key=None, reason="not-json")
    shown = json.loads((await _dlq(topics, control, "show", TOPIC, "--json")).out)["letters"]
    assert [(letter["offset"], letter["key"]) for letter in shown] == [(0, "A"), (1, None)]
    assert shown[0]["value"] == '{"title": "كوب"}'
    assert (shown[0]["headers"][header.REASON], shown[0]["headers"][header.ATTEMPTS]) == ("unknown-sku", "1")
    assert shown[1]["value_base64"] == "/wA="
    text = (await _dlq(topics, control, "show", TOPIC, "--offset", "0")).out
    assert "offset 0, key A" in text
    assert '"title": "كوب"' in text
    assert (await _dlq(topics, control, "show", TOPIC, "--offset", "9")).code == 1


async def test_a_retried_letter_goes_back_as_it_was_and_is_not_open_any_more(topics: OwnTopics, control: str) -> None:
    await _set_aside(topics, b"first", key=b"B")
    await _set_aside(topics, b"other", reason="not-json")
    dry = await _dlq(topics, control, "retry", TOPIC, "--group", "inventory", "--key", "B", "--dry-run")
    assert dry.out == "would be retried: 1 of stock.changed for inventory\n"
    assert await topics.count(TOPIC) == 2

    done = await _dlq(topics, control, "retry", TOPIC, "--group", "inventory", "--reason", "unknown-sku")

    assert (done.code, done.out) == (0, "retried: 1 of stock.changed for inventory\n")
    original, again = [record for record in await topics.read(TOPIC) if record.value == b"first"]
    assert (again.key, again.partition) == (original.key, original.partition)
    assert dict(again.headers) == {
        header.GROUP: b"inventory",
        header.ATTEMPTS: b"1",
        header.FIRST_FAILURE: CLOCK().isoformat().encode(),
        header.ORIGINAL_TOPIC: TOPIC.encode(),
        header.ORIGINAL_PARTITION: str(original.partition).encode(),
        header.ORIGINAL_OFFSET: str(original.offset).encode(),
    }
    assert await _open(topics, control) == {"not-json": 1}
    assert (await _dlq(topics, control, "show", TOPIC, "--offset", "0")).code == 0
    assert (await _dlq(topics, control, "retry", TOPIC, "--group", "inventory", "--key", "B")).code == 1


async def test_one_that_fails_again_is_a_new_letter_whose_attempts_go_on(topics: OwnTopics, control: str) -> None:
    await _set_aside(topics, b"first")
    await _dlq(topics, control, "retry", TOPIC, "--group", "inventory", "--offset", "0")
    *_, again = await topics.read(TOPIC)
    record: Record = from_kafka(again, topics.prefix)
    row = dead_letter(record, "inventory", "unknown-sku", "still", CLOCK())
    await topics.send(LETTERS, b"first", headers=row.headers)
    assert await _open(topics, control) == {"unknown-sku": 1}
    [letter] = json.loads((await _dlq(topics, control, "show", TOPIC, "--json")).out)["letters"]
    assert (letter["offset"], letter["headers"][header.ATTEMPTS]) == (1, "2")


async def test_a_discarded_letter_lets_go_what_it_holds_and_stays_in_its_topic(topics: OwnTopics, control: str) -> None:
    await _set_aside(topics, b"first")
    refused = await _dlq(topics, control, "discard", TOPIC, "--group", "inventory")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert "--all for every open letter" in refused.err
    assert (await _dlq(topics, control, "discard", TOPIC, "--group", "inventory", "--all", "--dry-run")).code == 0
    assert await _open(topics, control) == {"unknown-sku": 1}

    nobody = await _dlq(topics, control, "discard", TOPIC, "--group", "inventory", "--all", INVENTORY_URL=NOBODY)
    assert (nobody.code, "inventory must let go what the letters hold" in nobody.err) == (1, True)
    assert await _open(topics, control) == {"unknown-sku": 1}
    [original] = await topics.read(TOPIC)

    posted: list[tuple[str, Any]] = []
    with stub_service({}, posted=posted) as inventory:
        arguments = ("discard", TOPIC, "--group", "inventory", "--all")
        assert (await _dlq(topics, control, *arguments, INVENTORY_URL=inventory)).code == 0

    origin = {"topic": TOPIC, "partition": original.partition, "offset": original.offset}
    assert posted == [("/v1/watermark-holds/release", {"letters": [origin]})]
    assert await _open(topics, control) == {}
    assert (await topics.count(TOPIC), await topics.count(LETTERS)) == (1, 1)


async def test_many_letters_are_retried_in_their_order(topics: OwnTopics, control: str) -> None:
    headers = {header.REASON: "unknown-sku", header.ORIGINAL_PARTITION: "2"}
    for n in range(250):
        await topics.send(LETTERS, b"%d" % n, headers=headers)
    ended = await _dlq(topics, control, "retry", TOPIC, "--group", "inventory", "--json")
    assert json.loads(ended.out)["count"] == 250
    assert [(r.partition, r.value) for r in await topics.read(TOPIC)] == [(2, b"%d" % n) for n in range(250)]
    assert await _open(topics, control) == {}


async def test_what_is_resolved_is_remembered_by_the_first_action(control: str) -> None:
    body = {"action": "retried", "letters": [{"topic": LETTERS, "partition": 0, "offset": 3}]}
    async with httpx.AsyncClient(base_url=f"{control}/v1/dead-letters", headers={"X-API-Key": "secret"}) as http:
        assert (await http.post("resolved", json=body)).json() == {"resolved": 1}
        assert (await http.post("resolved", json=body | {"action": "discarded"})).json() == {"resolved": 0}
        [kept] = (await http.get("resolved", params={"topic": LETTERS})).json()
        assert (kept["offset"], kept["action"]) == (3, "retried")
        body["letters"] = [{"topic": TOPIC, "partition": 0, "offset": 3}]
        assert (await http.post("resolved", json=body)).status_code == 422
        assert (await http.get("resolved", headers={"X-API-Key": "wrong"})).status_code == 401


async def test_a_mistake_is_told_in_one_line(topics: OwnTopics, control: str) -> None:
    unknown = await _dlq(topics, control, "show", "stock.chnged")
    assert (unknown.code, unknown.err.splitlines()) == (2, [unknown.err.strip()])
    assert "the topics are product.changed, stock.changed" in unknown.err
    group = await _dlq(topics, control, "retry", TOPIC, "--group", "noon-connector")
    assert (group.code, "its groups are inventory" in group.err) == (2, True)
    key = await topics.mizan("dlq", "list", CONTROL_URL=control, API_KEY="wrong")
    assert (key.code, "control does not accept the API_KEY" in key.err) == (1, True)
    missing = await topics.mizan("dlq", "list", CONTROL_URL=control, API_KEY="")
    assert (missing.code, "set API_KEY" in missing.err) == (2, True)
    nobody = await topics.mizan("dlq", "list", CONTROL_URL="http://127.0.0.1:1")
    assert (nobody.code, len(nobody.err.splitlines())) == (1, 1)
