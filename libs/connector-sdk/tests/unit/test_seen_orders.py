import datetime as dt

from connector_sdk.seen_orders import Seen, digest, event_id, is_news, is_open, newest
from connector_sdk.testing.orders import NOON, order
from contracts import FulfilledBy, OrderStatus


def test_an_order_not_seen_before_is_news() -> None:
    assert is_news(order("1"), {})


def test_an_order_that_was_only_touched_is_no_news() -> None:
    assert not is_news(order("1", updated=5), {"1": Seen(NOON, digest(order("1")))})


def test_a_newer_version_that_says_something_else_is_news() -> None:
    assert is_news(order("1", updated=5, quantity=2), {"1": Seen(NOON, digest(order("1")))})


def test_an_older_version_is_no_news() -> None:
    seen = {"1": Seen(NOON + dt.timedelta(minutes=5), digest(order("1", quantity=2)))}

    assert not is_news(order("1"), seen)


def test_the_same_version_has_the_same_event_id_and_another_one_another() -> None:
    versions = [order("1"), order("1", updated=5), order("1", quantity=2), order("2")]

    assert event_id(order("1")) == event_id(order("1"))
    assert len({event_id(version) for version in versions}) == 4


def test_of_two_versions_in_a_page_the_newest_counts() -> None:
    page = [order("2"), order("1", updated=5), order("1")]

    assert newest(page) == [order("1", updated=5), order("2")]


def test_only_unfinished_orders_from_our_stock_are_open() -> None:
    assert is_open(order("1"))
    assert is_open(order("1", status=OrderStatus.UNKNOWN))
    assert not is_open(order("1", status=OrderStatus.SHIPPED))
    assert not is_open(order("1", fulfilled_by=FulfilledBy.MARKETPLACE))
