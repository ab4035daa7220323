from connector_sdk.desire import coalesce, passed_over
from connector_sdk.testing.targets import delivery


def test_the_newest_revision_of_each_sku_is_taken_whatever_the_order() -> None:
    batch = [delivery("A", 2), delivery("B", 1), delivery("A", 3), delivery("A", 1)]

    assert {sku: d.data.revision for sku, d in coalesce(batch).items()} == {"A": 3, "B": 1}


def test_revisions_in_between_are_passed_over_once_each() -> None:
    batch = [delivery("A", 2), delivery("A", 2), delivery("A", 3), delivery("A", 4), delivery("A", 1)]

    found = passed_over(batch, coalesce(batch), {"A": 1})

    assert [d.data.revision for d in found] == [2, 3]


def test_nothing_of_a_replay_is_passed_over() -> None:
    batch = [delivery("A", 1), delivery("A", 2)]

    assert passed_over(batch, coalesce(batch), {}) == []
