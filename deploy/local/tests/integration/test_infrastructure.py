"""Kafka and Postgres, as the fixtures start them, do what the services need of them."""

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError, for_code
from local_stack.errors import StackError
from local_stack.testing import CreateTopics
from local_stack.topics import PlainTopic
from local_stack.topics import create_topics as create_from_table

pytestmark = pytest.mark.integration


async def test_an_idempotent_producers_record_is_read_by_a_consumer_group(
    bootstrap_servers: str, create_topics: CreateTopics
) -> None:
    await create_topics({"local-stack.echo": 2})
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True) as producer:
        await producer.send_and_wait("local-stack.echo", b"value", key=b"key")
    consumer = AIOKafkaConsumer(
        "local-stack.echo", bootstrap_servers=bootstrap_servers, group_id="local-stack", auto_offset_reset="earliest"
    )
    async with consumer:
        record = await consumer.getone()
    assert (record.key, record.value) == (b"key", b"value")


async def test_creating_topics_again_changes_nothing_and_fewer_partitions_than_asked_for_are_refused(
    bootstrap_servers: str,
) -> None:
    topic = PlainTopic("local-stack.fixed", partitions=2, retention_ms=60_000)
    await create_from_table(bootstrap_servers, [topic])
    await create_from_table(bootstrap_servers, [topic])
    with pytest.raises(StackError, match=r"topic local-stack\.fixed has 2 partitions, 3 are needed"):
        await create_from_table(bootstrap_servers, [PlainTopic("local-stack.fixed", partitions=3)])


async def test_a_topic_that_nobody_created_is_not_created_by_use(bootstrap_servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        (answer,) = await admin.describe_topics(["local-stack.nobody"])
    finally:
        await admin.close()
    assert for_code(answer["error_code"]) is UnknownTopicOrPartitionError


async def test_the_database_is_empty_and_in_utf8(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SELECT 'ميزان'::text") == "ميزان"
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    finally:
        await connection.close()
