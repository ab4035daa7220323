"""Lets go the watermark holds of unmapped orders, once `listing.changed` was read as far as it reached when they came.

A listing that was in Kafka before its order has had its effect by then. One that comes later may come never, and must
not hold a channel for ever.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from contracts import ListingChanged, partition_counts, topic_of
from runtime.errors import one_line
from runtime.settings import ServiceSettings
from sqlalchemy.ext.asyncio import AsyncEngine

from order_importer.hold_unmapped import Waiting, let_go, waiting

LISTINGS = topic_of(ListingChanged)
_IDLE_SECONDS = 1.0
_WAITING_SECONDS = 0.5
_TIMEOUT_SECONDS = 20.0

Offsets = Mapping[TopicPartition, int]


class ListingsRead:
    """One round is `step`. Any number of replicas may run it, each for all orders.

    How far the group has read is its committed offsets: they follow the transaction in which the listings took
    effect, whichever replica read them. How far the topic reached is asked after an order was parked, so it is never
    too little; a new process asks anew.
    """

    def __init__(
        self, settings: ServiceSettings, engine: AsyncEngine, group: str, partitions: int = partition_counts()[LISTINGS]
    ) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._group = settings.kafka_topic_prefix + group
        topic = settings.kafka_topic_prefix + LISTINGS
        self._places = tuple(TopicPartition(topic, number) for number in range(partitions))
        self._engine = engine
        self._reach: dict[Waiting, Offsets] = {}

    async def step(self) -> float:
        """Let go what may go; returns the seconds until the next look.

        Raises:
            ConnectionError: Kafka could not be asked.
        """
        async with self._engine.connect() as connection:
            held = await waiting(connection)
        self._reach = {hold: self._reach[hold] for hold in held if hold in self._reach}
        if not held:
            return _IDLE_SECONDS
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                read = await self._look(held)
        except KafkaError as error:
            raise ConnectionError(one_line(error)) from error
        done = [hold for hold in held if all(read[place] >= end for place, end in self._reach[hold].items())]
        if done:
            async with self._engine.begin() as connection:
                await let_go(connection, done)
        return _WAITING_SECONDS

    async def _look(self, held: list[Waiting]) -> Offsets:
        """Note how far the topic reaches for those of `held` that are new. Returns how far it was read."""
        async with _asking(self._servers, self._group) as consumer:
            new = [hold for hold in held if hold not in self._reach]
            if new:
                ends = await consumer.end_offsets(self._places)
                self._reach |= dict.fromkeys(new, ends)
            return {place: await consumer.committed(place) or 0 for place in self._places}


@contextlib.asynccontextmanager
async def _asking(servers: str, group: str) -> AsyncIterator[Any]:
    """A client that asks about `group` and does not join it: only who subscribes joins."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, group_id=group, enable_auto_commit=False, request_timeout_ms=10_000
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
