"""From what the user asked for to offsets, and where a replay that was stopped really stopped."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from contracts.replayed import REPLAY_ID, REPLAYED_FROM
from runtime.records import readable_headers

from control.kafka_reading import Cluster, partitions_of, read_ranges
from control.replay.plan import Part, Plan, Request
from control.running import ProblemError


async def make_plan(consumer: Any, cluster: Cluster, request: Request, now: dt.datetime) -> Plan:  # noqa: ANN401 - aiokafka is untyped
    """Everything that the topic holds now and the request covers.

    Raises:
        ProblemError: the cluster has no such topic.
    """
    places = await partitions_of(cluster, [cluster.prefix + request.topic])
    if not places:
        raise ProblemError(f"{cluster.bootstrap_servers} has no topic {cluster.prefix + request.topic}")
    starts, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    since = await _offsets(consumer, places, request.since, starts, ends)
    until = await _offsets(consumer, places, request.until, ends, ends)
    parts = {}
    for place in places:
        start = min(max(since[place], starts[place]), ends[place])
        end = max(start, min(until[place], ends[place]))
        parts[place.partition] = Part(start, end, next=start, tail=ends[place])
    return Plan(uuid.uuid4().hex, now.isoformat(), parts)


async def _offsets(
    consumer: Any,  # noqa: ANN401 - aiokafka is untyped
    places: Sequence[TopicPartition],
    bound: int | dt.datetime | None,
    otherwise: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> dict[TopicPartition, int]:
    """The offset of each partition that `bound` means: of a moment, the first record written then or later."""
    if bound is None:
        return dict(otherwise)
    if isinstance(bound, int):
        return dict.fromkeys(places, bound)
    found = await consumer.offsets_for_times(dict.fromkeys(places, int(bound.timestamp() * 1000)))
    return {place: found[place].offset if found.get(place) else ends[place] for place in places}


async def catch_up(consumer: Any, topic: str, plan: Plan) -> None:  # noqa: ANN401 - aiokafka is untyped
    """Count the copies that were sent and not noted before the replay was stopped: the topic itself knows."""
    places = {number: TopicPartition(topic, number) for number in plan.parts}
    ends = await consumer.end_offsets(list(places.values()))
    tails = {place: (plan.parts[number].tail, ends[place]) for number, place in places.items()}
    async for place, records in read_ranges(consumer, tails):
        part = plan.parts[place.partition]
        for record in records:
            headers = readable_headers(record.headers)
            origin = headers.get(REPLAYED_FROM, "")
            if headers.get(REPLAY_ID) == plan.replay_id and origin.isdecimal() and int(origin) >= part.next:
                part.next, part.tail, part.sent = int(origin) + 1, record.offset + 1, part.sent + 1
