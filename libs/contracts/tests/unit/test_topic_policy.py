"""The table of topics keeps the rules of the house."""

import re

import pytest
from contracts import BY_NAME, TOPICS, OrdersWatermark, Topic, all_topics, parse, partition_counts, topic_of
from contracts.topics import DAYS_30_MS
from contracts.workspace import EXAMPLES, WORKSPACE

SOURCE_TOPICS = {"stock.changed", "marketplace.order.received", "listing.changed", "product.changed"}
ACTORS = {"storefront", "operators", "inventory", "amazon-connector", "noon-connector", "order-importer", "control"}

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def test_names_are_unique() -> None:
    names = [topic.name for topic in all_topics()]
    assert len(set(names)) == len(names)
    assert list(BY_NAME) == [topic.name for topic in TOPICS]


@each_topic
def test_a_name_is_lower_case_words_and_fits_kafka(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)+", topic.name)
    assert all(len(name.name) <= 249 for name in topic.dead_letters())


@pytest.mark.parametrize("topic", all_topics(), ids=lambda topic: topic.name)
def test_every_topic_has_a_partition(topic: Topic) -> None:
    assert topic.partitions >= 1
    assert partition_counts()[topic.name] == topic.partitions


@each_topic
def test_source_topics_are_kept_for_ever_and_the_rest_30_days(topic: Topic) -> None:
    assert topic.retention_ms == (None if topic.name in SOURCE_TOPICS else DAYS_30_MS)
    assert DAYS_30_MS == 2_592_000_000


@each_topic
def test_every_topic_has_an_owner_and_a_consumer(topic: Topic) -> None:
    assert topic.owner in topic.producers
    assert topic.consumers
    assert {*topic.producers, *topic.consumers} <= ACTORS
    assert len(set(topic.producers)) == len(topic.producers)
    assert len(set(topic.consumers)) == len(topic.consumers)


@each_topic
def test_the_first_type_of_a_topic_bears_its_name_and_only_a_watermark_may_follow(topic: Topic) -> None:
    first, *others = topic.payloads
    assert first.event_type == f"{topic.name}.v1"
    assert set(others) <= {OrdersWatermark}
    assert topic_of(first) == topic.name


def test_watermarks_go_where_orders_and_sales_go() -> None:
    carriers = {topic.name for topic in TOPICS if OrdersWatermark in topic.payloads}
    assert carriers == {"marketplace.order.received", "stock.changed"}
    assert OrdersWatermark.event_type == "orders.watermark.v1"
    with pytest.raises(KeyError):
        topic_of(OrdersWatermark)


@each_topic
def test_each_consumer_group_has_a_dead_letter_topic_that_never_expires(topic: Topic) -> None:
    letters = {each.name: each for each in topic.dead_letters()}
    assert list(letters) == [f"{topic.name}.{group}.dlq" for group in topic.consumers]
    for group, letter in zip(topic.consumers, letters.values(), strict=True):
        assert letter.retention_ms is None
        assert letter.key == topic.key
        assert letter.owner == group
        assert letter in all_topics()


@each_topic
def test_the_documented_key_is_the_subject_of_the_examples(topic: Topic) -> None:
    for example in (WORKSPACE / EXAMPLES / f"{topic.name}.v1").iterdir():
        data = parse(topic.name, example.read_bytes()).data
        assert data.subject == ":".join(getattr(data, part) for part in topic.key.split(":"))


def test_a_watermark_has_no_key() -> None:
    for example in (WORKSPACE / EXAMPLES / "orders.watermark.v1").iterdir():
        assert parse("stock.changed", example.read_bytes()).data.subject is None


@each_topic
def test_the_sources_of_the_examples_are_producers_of_the_topic(topic: Topic) -> None:
    for example in (WORKSPACE / EXAMPLES / f"{topic.name}.v1").iterdir():
        assert parse(topic.name, example.read_bytes()).source.removeprefix("/") in topic.producers
