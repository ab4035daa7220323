import asyncio
import datetime as dt
import json
from collections import defaultdict
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts.replayed import REPLAYED_AT, REPLAYED_FROM
from control.replay.copying import Replay
from control.replay.plan import Plan, Request
from control.replay.state_file import StateFile
from control.testing.topics import OwnTopics
from runtime.clock import system_clock

MANY = 60_000
"""So many that a signal comes before the last one is sent."""

pytestmark = pytest.mark.integration

TOPIC = "stock.changed"


async def _fill(topics: OwnTopics, count: int, *, skus: int = 7) -> None:
    sending = [
        await topics.producer.send(
            topics.prefix + TOPIC, str(n).encode(), key=f"S{n % skus}".encode(), headers=[("traceparent", b"00-x")]
        )
        for n in range(count)
    ]
    await asyncio.gather(*sending)


def _split(records: list[Any]) -> tuple[list[Any], list[Any]]:
    """Originals and copies."""
    copies = [record for record in records if REPLAYED_AT in dict(record.headers)]
    return [record for record in records if REPLAYED_AT not in dict(record.headers)], copies


def _by_key(records: list[Any]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = defaultdict(list)
    for record in records:
        found[record.key].append(record.value)
    return found


async def test_every_record_comes_again_with_its_bytes_and_in_the_order_of_its_key(topics: OwnTopics) -> None:
    await _fill(topics, 1200)
    ended = await topics.mizan("replay", TOPIC, "--json")
    assert ended.code == 0
    assert (json.loads(ended.out)["records"], json.loads(ended.out)["sent"]) == (1200, 1200)
    originals, copies = _split(await topics.read(TOPIC))
    assert _by_key(copies) == _by_key(originals)
    assert {record.key: record.partition for record in copies} == {r.key: r.partition for r in originals}
    headers = dict(copies[0].headers)
    assert headers["traceparent"] == b"00-x"
    assert dt.datetime.fromisoformat(headers[REPLAYED_AT].decode()) <= system_clock()


async def test_a_topic_does_not_double_with_each_replay_from_its_start(topics: OwnTopics) -> None:
    await _fill(topics, 50)
    for times in (1, 2, 3):
        ended = await topics.mizan("replay", TOPIC, "--json")
        assert json.loads(ended.out)["sent"] == 50
        assert len(await topics.read(TOPIC)) == 50 * (times + 1)


async def test_what_was_copied_alone_can_be_replayed_again(topics: OwnTopics) -> None:
    await _fill(topics, 10, skus=1)
    await topics.mizan("replay", TOPIC)
    ended = await topics.mizan("replay", TOPIC, "--from", "15", "--to", "18", "--json")
    assert json.loads(ended.out)["sent"] == 3
    assert [record.value for record in (await topics.read(TOPIC))[-3:]] == [b"5", b"6", b"7"]


async def test_one_sku_and_a_range_of_offsets(topics: OwnTopics) -> None:
    await _fill(topics, 20, skus=2)
    ended = await topics.mizan("replay", TOPIC, "--sku", "S1", "--from", "2", "--to", "5", "--json")
    assert ended.code == 0
    _, copies = _split(await topics.read(TOPIC))
    assert {record.key for record in copies} == {b"S1"}
    assert json.loads(ended.out)["sent"] == len(copies) > 0
    assert all(2 <= int(dict(record.headers)[REPLAYED_FROM]) < 5 for record in copies)


async def test_a_range_of_time(topics: OwnTopics) -> None:
    await topics.send(TOPIC, b"early")
    [early] = await topics.read(TOPIC)
    moment = dt.datetime.fromtimestamp(early.timestamp / 1000, dt.UTC) + dt.timedelta(milliseconds=1)
    while (await topics.read(TOPIC))[-1].timestamp <= early.timestamp:
        await topics.send(TOPIC, b"late")
    count = len(await topics.read(TOPIC)) - 1

    since = await topics.mizan("replay", TOPIC, "--from", moment.isoformat(), "--dry-run", "--json")
    until = await topics.mizan("replay", TOPIC, "--to", moment.isoformat(), "--json")
    assert 1 <= json.loads(since.out)["sent"] <= count
    assert 1 <= json.loads(until.out)["sent"] <= count
    assert json.loads(since.out)["sent"] + json.loads(until.out)["sent"] == count + 1
    _, copies = _split(await topics.read(TOPIC))
    assert copies[0].value == b"early"


async def test_a_dry_run_sends_nothing_and_leaves_no_state(topics: OwnTopics) -> None:
    await _fill(topics, 30)
    ended = await topics.mizan("replay", TOPIC, "--dry-run")
    assert (ended.code, ended.out) == (0, "stock.changed: would send 30 of 30 records again\n")
    assert len(await topics.read(TOPIC)) == 30
    assert list(topics.folder.iterdir()) == []


async def test_killed_in_the_middle_it_goes_on_without_leaving_out_or_doubling_any(topics: OwnTopics) -> None:
    await _fill(topics, MANY)
    process = await topics.start("replay", TOPIC)
    while await topics.count(TOPIC) == MANY:
        assert process.returncode is None
    process.kill()
    await process.wait()
    _, before = _split(await topics.read(TOPIC))
    assert 0 < len(before) < MANY

    ended = await topics.mizan("replay", TOPIC, "--json")

    assert (ended.code, json.loads(ended.out)["resumed"]) == (0, True)
    assert json.loads(ended.out)["sent"] == MANY
    originals, copies = _split(await topics.read(TOPIC))
    assert _by_key(copies) == _by_key(originals)
    assert list(topics.folder.iterdir()) == []


async def test_copies_that_were_sent_and_never_noted_are_found_in_the_topic(topics: OwnTopics) -> None:
    """The worst instant for a crash: everything is sent, and nothing of it stands in the state file."""
    await _fill(topics, 700)
    request = Request(TOPIC)
    state = StateFile(request, "here", {"MIZAN_REPLAY_FOLDER": str(topics.folder)})
    first_note: list[str] = []

    def note(plan: Plan) -> None:
        first_note.append(plan.to_json())

    await Replay(topics.cluster, request, state, system_clock, note).run()
    state.write(Plan.from_json(first_note[0]))
    again = await Replay(topics.cluster, request, state, system_clock, note).run()

    assert again.sent == 700
    assert len(await topics.read(TOPIC)) == 1400


async def test_interrupted_it_says_how_to_go_on(topics: OwnTopics) -> None:
    await _fill(topics, MANY)
    tries = [await _interrupt_a_replay(topics)]
    while tries[-1][0] == 0 and len(tries) < 5:  # done before the signal came
        tries.append(await _interrupt_a_replay(topics))
    assert tries[-1] == (1, "mizan: stopped: the same command goes on where this one stopped")


async def _interrupt_a_replay(topics: OwnTopics) -> tuple[int | None, str]:
    """Its exit code, and the last line that it says."""
    before = await topics.count(TOPIC)
    process = await topics.start("replay", TOPIC)
    while await topics.count(TOPIC) == before:
        assert process.returncode is None
    if process.returncode is None:
        process.send_signal(2)
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    return process.returncode, (err.decode().splitlines() or [""])[-1]


async def test_it_waits_for_a_group(topics: OwnTopics) -> None:
    await _fill(topics, 5, skus=1)
    process = await topics.start("replay", TOPIC, "--group", "inventory")
    while await topics.count(TOPIC) < 10:
        assert process.returncode is None
    assert process.returncode is None
    await _commit(topics, "inventory")
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    assert (await process.wait(), err) == (0, b"stock.changed: all is sent, waiting until inventory has read it\n")


async def test_interrupted_while_it_waits_for_a_group_it_says_that_all_is_sent(topics: OwnTopics) -> None:
    await _fill(topics, 5, skus=1)
    process = await topics.start("replay", TOPIC, "--group", "inventory")
    assert process.stderr is not None
    async with asyncio.timeout(30):
        assert b"waiting until" in await process.stderr.readline()
        process.send_signal(2)
        _, err = await process.communicate()
    assert process.returncode == 1
    assert err == b"mizan: stopped: all 5 are sent, but inventory was not seen to have read them\n"


async def _commit(topics: OwnTopics, group: str) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=topics.bootstrap_servers, group_id=topics.prefix + group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        places = [TopicPartition(topics.prefix + TOPIC, number) for number in range(6)]
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
    finally:
        await consumer.stop()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["stock.chnged"], "no topic 'stock.chnged': the topics are product.changed, stock.changed,"),
        ([TOPIC, "--group", "noon-connector"], "does not read stock.changed: its groups are inventory"),
        ([TOPIC, "--from", "yesterday"], "--from 'yesterday': give an offset, or a time with its zone"),
        ([TOPIC, "--to", "2026-11-22T08:00:00"], "a time with its zone such as"),
        (["order.imported", "--sku", "A"], "the key of order.imported is order_id, not a SKU"),
        ([TOPIC, "--failed"], "--failed is for channel.stock.target"),
        (["channel.stock.target", "--failed", "--from", "3"], "--failed takes --sku, --dry-run and --json only"),
    ],
)
async def test_a_mistake_is_told_in_one_line(topics: OwnTopics, arguments: list[str], hint: str) -> None:
    ended = await topics.mizan("replay", *arguments)
    assert (ended.code, ended.out) == (2, "")
    [line] = ended.err.splitlines()
    assert hint in line


async def test_a_topic_that_is_not_there_is_told_in_one_line(topics: OwnTopics) -> None:
    ended = await topics.mizan("replay", "order.shipped")
    assert ended.code == 1
    assert "has no topic" in ended.err
