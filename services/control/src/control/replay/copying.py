"""The copying itself: batch by batch, each partition's records in their order."""

import asyncio
import contextlib
import dataclasses as dc
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from contracts import BY_NAME
from contracts.replayed import MEANINGS, REPLAY_ID, REPLAYED_AT, REPLAYED_FROM
from runtime.clock import Clock
from runtime.records import readable_headers

from control.kafka_reading import Cluster, open_consumer, read_ranges
from control.replay.plan import (
    Part,
    Plan,
    Request,
    has_sku,
    is_covered,
)
from control.replay.ranges import catch_up, make_plan
from control.replay.state_file import StateFile

Report = Callable[[Plan], None]
"""Is told the plan after each step."""


@dc.dataclass(frozen=True, slots=True)
class Replay:
    """One replay of `request`. `state` remembers it until it is complete."""

    cluster: Cluster
    request: Request
    state: StateFile
    clock: Clock
    report: Report

    async def count(self) -> Plan:
        """The plan of a replay that sends nothing: `sent` is what would be sent from here on."""
        async with open_consumer(self.cluster) as consumer:
            plan = await self._plan(consumer)
            for part in plan.parts.values():
                part.sent = 0
            async for place, records in self._originals(consumer, plan):
                part = plan.parts[place.partition]
                part.sent += len(self._chosen(records, part))
                _advance(part, records)
                self.report(plan)
            return plan

    async def run(self) -> Plan:
        """Send every record of the range that was not sent yet, then forget the plan.

        Stopped at any instant, the same replay goes on where it stopped: the plan is kept in the state file, and what
        was sent after the last note is found in the topic.
        """
        async with open_consumer(self.cluster) as consumer, _open_producer(self.cluster) as producer:
            plan = await self._plan(consumer)
            self.state.write(plan)
            self.report(plan)
            async for place, records in self._originals(consumer, plan):
                await self._send(producer, plan, place, records)
                self.state.write(plan)
                self.report(plan)
            for part in plan.parts.values():
                part.next = part.end
            self.report(plan)
            self.state.delete()
            return plan

    async def _plan(self, consumer: Any) -> Plan:  # noqa: ANN401 - aiokafka is untyped
        plan = self.state.read()
        if plan is None:
            return await make_plan(consumer, self.cluster, self.request, self.clock())
        await catch_up(consumer, self.cluster.prefix + self.request.topic, plan)
        return plan

    def _originals(self, consumer: Any, plan: Plan) -> AsyncIterator[tuple[TopicPartition, list[Any]]]:  # noqa: ANN401
        topic = self.cluster.prefix + self.request.topic
        ranges = {TopicPartition(topic, number): (part.next, part.end) for number, part in plan.parts.items()}
        return read_ranges(consumer, ranges)

    async def _send(self, producer: Any, plan: Plan, place: TopicPartition, records: Sequence[Any]) -> None:  # noqa: ANN401
        part = plan.parts[place.partition]
        sending = [
            await producer.send(
                place.topic,
                record.value,
                key=record.key,
                partition=place.partition,
                headers=self._headers(record, plan),
            )
            for record in self._chosen(records, part)
        ]
        for sent in await asyncio.gather(*sending):
            part.tail = max(part.tail, sent.offset + 1)
        part.sent += len(sending)
        _advance(part, records)

    def _chosen(self, records: Sequence[Any], part: Part) -> list[Any]:
        topic = BY_NAME[self.request.topic]
        return [
            record
            for record in records
            if has_sku(topic, record.key, self.request.sku) and not is_covered(readable_headers(record.headers), part)
        ]

    def _headers(self, record: Any, plan: Plan) -> list[tuple[str, bytes | None]]:  # noqa: ANN401 - aiokafka is untyped
        kept = [(name, value) for name, value in record.headers if name not in MEANINGS]
        said = {REPLAYED_AT: self.clock().isoformat(), REPLAYED_FROM: str(record.offset), REPLAY_ID: plan.replay_id}
        return kept + [(name, value.encode()) for name, value in said.items()]


def _advance(part: Part, records: Sequence[Any]) -> None:
    if records:
        part.next = records[-1].offset + 1


@contextlib.asynccontextmanager
async def _open_producer(cluster: Cluster) -> AsyncIterator[Any]:
    """Idempotent: what it sends again by itself stays in order and is not doubled."""
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        request_timeout_ms=10_000,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
