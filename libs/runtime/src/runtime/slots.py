"""Where a record goes: its partition, and the relay slot that keeps that partition's order."""

import zlib
from collections.abc import Iterator, Mapping

from aiokafka.partitioner import murmur2

_POSITIVE = 0x7FFFFFFF


def partition_for(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives to `key`: whoever else writes the topic agrees with us."""
    return int((murmur2(key) & _POSITIVE) % partitions)


def slot_of(topic: str, partition: int) -> int:
    """The number of a destination topic-partition, used as an advisory lock key: 31 bits, the same in every process."""
    return zlib.crc32(f"{topic}/{partition}".encode()) & _POSITIVE


def every_slot(partitions: Mapping[str, int]) -> Iterator[int]:
    """The slots of all topics in `partitions` (name -> number of partitions)."""
    for topic, count in partitions.items():
        for partition in range(count):
            yield slot_of(topic, partition)
