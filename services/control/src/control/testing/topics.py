"""Topics of a test's own, and the command `mizan` as a process that works on them."""

import asyncio
import dataclasses as dc
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from control.kafka_reading import Cluster, open_consumer, partitions_of, read_ranges


@dc.dataclass(frozen=True, slots=True)
class Ended:
    """What a command that has ended leaves behind."""

    code: int
    out: str
    err: str


@dc.dataclass(frozen=True)
class OwnTopics:
    """`folder` is where the replays of this test keep their state."""

    bootstrap_servers: str
    prefix: str
    producer: Any
    folder: Path

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.bootstrap_servers, self.prefix)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "MIZAN_REPLAY_FOLDER": str(self.folder),
            "API_KEY": "secret",
            "COLUMNS": "200",
        }

    async def send(
        self, topic: str, value: bytes, *, key: bytes | None = b"A", headers: Mapping[str, str] | None = None
    ) -> None:
        """Returns once the broker has it."""
        told = [(name, said.encode()) for name, said in (headers or {}).items()]
        await self.producer.send_and_wait(self.prefix + topic, value, key=key, headers=told)

    async def read(self, topic: str) -> list[Any]:
        """Every record of the topic, each partition's in its order."""
        found: list[Any] = []
        async with open_consumer(self.cluster) as consumer:
            places = await partitions_of(self.cluster, [self.prefix + topic])
            ends = await consumer.end_offsets(places)
            async for _, records in read_ranges(consumer, {place: (0, ends[place]) for place in places}):
                found += records
        return sorted(found, key=lambda record: (record.partition, record.offset))

    async def count(self, topic: str) -> int:
        """How many records the topic holds."""
        async with open_consumer(self.cluster) as consumer:
            ends = await consumer.end_offsets(await partitions_of(self.cluster, [self.prefix + topic]))
        return sum(ends.values())

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """Start `mizan` with these arguments."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from control.cli import main; main()",
            *arguments,
            env={**os.environ, **self.environment, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def mizan(self, *arguments: str, **environment: str) -> Ended:
        """Run `mizan` to its end."""
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return Ended(process.returncode or 0, out.decode(), err.decode())
