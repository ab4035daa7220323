import datetime as dt
from types import SimpleNamespace

from contracts import dead_letter as header
from runtime.dead_letter import dead_letter
from runtime.records import Record, from_kafka, readable_headers

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def test_odd_headers_are_read_and_never_refused() -> None:
    assert readable_headers([("a", b"x"), ("none", None), ("latin", b"\xe9")]) == {
        "a": "x",
        "none": "",
        "latin": "\N{REPLACEMENT CHARACTER}",
    }


def test_the_clusters_prefix_is_taken_off() -> None:
    raw = SimpleNamespace(topic="t1.stock.changed", partition=2, offset=7, key=b"k", value=None, headers=())
    assert from_kafka(raw, "t1.") == Record("stock.changed", 2, 7, b"k", None, {})


def test_a_dead_letter_keeps_the_bytes_and_says_where_they_came_from() -> None:
    record = Record("stock.changed", 3, 41, b"SKU", b"{broken", {"traceparent": "00-x"})
    row = dead_letter(record, "inventory", "not-json", "EOF\n  at column 7", NOW)
    assert (row.topic, row.key, row.value) == ("stock.changed.inventory.dlq", b"SKU", b"{broken")
    assert row.headers == {
        "traceparent": "00-x",
        header.REASON: "not-json",
        header.ERROR: "EOF at column 7",
        header.ORIGINAL_TOPIC: "stock.changed",
        header.ORIGINAL_PARTITION: "3",
        header.ORIGINAL_OFFSET: "41",
        header.GROUP: "inventory",
        header.FIRST_FAILURE: NOW.isoformat(),
        header.LAST_FAILURE: NOW.isoformat(),
        header.ATTEMPTS: "1",
    }


def test_a_letter_that_died_before_counts_on() -> None:
    first = dead_letter(Record("stock.changed", 0, 1, None, b"x", {}), "inventory", "r", "e", NOW)
    later = NOW + dt.timedelta(hours=1)
    again = dead_letter(Record("stock.changed", 0, 9, None, b"x", first.headers), "inventory", "r", "e", later)
    assert again.headers[header.ATTEMPTS] == "2"
    assert again.headers[header.FIRST_FAILURE] == NOW.isoformat()
    assert again.headers[header.LAST_FAILURE] == later.isoformat()


def test_what_another_group_could_not_use_is_not_counted() -> None:
    theirs = dead_letter(Record("listing.changed", 0, 1, None, b"x", {}), "noon-connector", "r", "e", NOW)
    later = NOW + dt.timedelta(hours=1)
    ours = dead_letter(Record("listing.changed", 0, 9, None, b"x", theirs.headers), "order-importer", "r", "e", later)
    assert (ours.headers[header.ATTEMPTS], ours.headers[header.FIRST_FAILURE]) == ("1", later.isoformat())
