"""Waiting until a consumer group has read what was sent."""

import asyncio

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from control.kafka_reading import Cluster
from control.replay.plan import Plan
from control.running import ProblemError

_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 600.0


async def wait_for_group(cluster: Cluster, group: str, topic: str, plan: Plan) -> None:
    """Return once `group` has committed everything up to the last copy.

    Raises:
        ProblemError: it has not within 10 minutes.
    """
    tails = {TopicPartition(cluster.prefix + topic, n): part.tail for n, part in plan.parts.items() if part.sent}
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
    await admin.start()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await _is_behind(admin, cluster.prefix + group, tails):  # noqa: ASYNC110 - happens in another process
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise ProblemError(
            f"sent, but {group} has not read it within {_PATIENCE_SECONDS:.0f} s: see mizan status"
        ) from None
    finally:
        await admin.close()


async def _is_behind(admin: AIOKafkaAdminClient, group: str, tails: dict[TopicPartition, int]) -> bool:
    try:
        committed = await admin.list_consumer_group_offsets(group)
    except KafkaError as error:
        if not error.retriable:
            raise
        return True  # the group's coordinator is being chosen
    return any(place not in committed or committed[place].offset < tail for place, tail in tails.items())
