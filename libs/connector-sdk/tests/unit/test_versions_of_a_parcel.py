"""Which word on a parcel counts, whatever the order in which the words come."""

import itertools

from connector_sdk.shipment_desire import newest_versions
from connector_sdk.shipments import Known, ShipmentPush, Told
from connector_sdk.submission import State
from connector_sdk.testing.parcels import SHIPPED_AT, parcel, shipped


def told(tracking: str, at: int, event_id: str = "") -> Told:
    package = parcel(tracking=tracking)
    return Told(shipped("O-1", package, at=at, event_id=event_id).event, package)


def known(each: Told, state: State = State.ACCEPTED) -> Known:
    push = ShipmentPush("O-1", each.package, 4, 1, 0, SHIPPED_AT, False, SHIPPED_AT, each.event.id, None, None)  # noqa: FBT003 - a row's columns
    return Known(push, each.event.time, each.event.id, state, is_in_flight=False)


def test_the_last_of_a_batch_counts_and_the_others_are_passed_over() -> None:
    newest, passed_over, same = newest_versions([told("T-1", 1), told("T-2", 2), told("T-2", 3), told("T-3", 4)], {})
    assert [(each.package.tracking_number, each.version) for each in newest] == [("T-3", 3)]
    assert [each.package.tracking_number for each in passed_over] == ["T-1", "T-2"]
    assert same == []


def test_what_is_not_newer_than_what_is_known_changes_nothing() -> None:
    before = told("T-1", 5)
    for late in (told("T-0", 4), told("T-1", 5), before):
        assert newest_versions([late], {before.key: known(before)}) == ([], [], [])


def test_the_same_again_is_no_news_unless_it_was_refused() -> None:
    before, again = told("T-1", 5), told("T-1", 6)
    assert newest_versions([again], {before.key: known(before)}) == ([], [], [again])
    (newest,), _, same = newest_versions([again], {before.key: known(before, State.REJECTED)})
    assert (newest.version, same) == (5, [])


def test_of_two_words_at_the_same_time_always_the_same_one_counts() -> None:
    words = [told("T-1", 5, "a"), told("T-2", 5, "b")]
    outcomes = set()
    for first, second in itertools.permutations(words):
        (newest,), _, _ = newest_versions([first], {})
        after = newest_versions([second], {first.key: known(newest)})[0]
        outcomes.add((after or [newest])[0].package.tracking_number)
    assert outcomes == {"T-2"}
