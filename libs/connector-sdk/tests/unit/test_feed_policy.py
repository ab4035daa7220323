import datetime as dt

import pytest
from connector_sdk.feeds.feed_policy import Backlog, Fate, FeedPolicy, Gathering, LastFeed, may_open

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
POLICY = FeedPolicy(threshold=1000, stuck=dt.timedelta(hours=1), pause=dt.timedelta(seconds=120))


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def later(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def test_up_to_the_threshold_nothing_goes_by_feed() -> None:
    gathering = Gathering(POLICY, 25_000)
    assert [gathering.is_complete(Backlog(1000, 1000), later(n)) for n in range(30)] == [False] * 30


def test_without_raises_nothing_goes_by_feed() -> None:
    gathering = Gathering(POLICY, 25_000)
    assert [gathering.is_complete(Backlog(5000, 0), later(n)) for n in range(30)] == [False] * 30


def test_a_backlog_that_has_come_in_whole_goes_by_feed() -> None:
    gathering = Gathering(POLICY, 25_000)
    sizes = [1500, 4000, 9000, 9000]
    assert [gathering.is_complete(Backlog(s, s), later(n)) for n, s in enumerate(sizes)] == [False] * 3 + [True]


def test_one_that_never_ceases_to_grow_goes_after_a_while() -> None:
    gathering = Gathering(POLICY, 25_000)
    complete = [gathering.is_complete(Backlog(1001 + n, 1 + n), later(n)) for n in range(11)]
    assert complete == [False] * 10 + [True]


def test_a_full_feed_waits_for_nothing() -> None:
    assert Gathering(POLICY, 25_000).is_complete(Backlog(30_000, 25_000), NOW)


def test_gathering_begins_anew_after_each_feed() -> None:
    gathering = Gathering(POLICY, 2000)
    assert gathering.is_complete(Backlog(2000, 2000), NOW)
    assert not gathering.is_complete(Backlog(1500, 1500), NOW)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, True),
        (LastFeed(ago(9999), None, None), False),
        (LastFeed(ago(119), ago(10), Fate.DONE), False),
        (LastFeed(ago(120), ago(10), Fate.DONE), True),
        (LastFeed(ago(120), ago(10), Fate.GIVEN_BACK), True),
        (LastFeed(ago(9999), ago(3599), Fate.FATAL), False),
        (LastFeed(ago(9999), ago(3600), Fate.FATAL), True),
        (LastFeed(ago(9999), ago(10), Fate.CANCELLED), False),
        (LastFeed(ago(9999), ago(10), Fate.ABANDONED), False),
    ],
)
def test_one_feed_at_a_time_and_none_soon_after_one_that_went_wrong(last: LastFeed | None, *, expected: bool) -> None:
    assert may_open(last, NOW, POLICY) is expected
