import gzip
import json
from collections.abc import Mapping, Sequence

import pytest
from amazon_connector.feeds.document import feed_document, read_document, results
from amazon_connector.feeds.wire import ReportWire
from connector_sdk.feeds.bulk_writer import FeedLine
from connector_sdk.marketplace import Outcome

LINES = [FeedLine(1, "A", 5), FeedLine(2, "قميص أزرق", 6), FeedLine(4, "C", 7)]


def report(
    issues: Sequence[Mapping[str, object]] = (), *, processed: int = 3, accepted: int, invalid: int
) -> ReportWire:
    summary = {"messagesProcessed": processed, "messagesAccepted": accepted, "messagesInvalid": invalid}
    content = {"header": {"sellerId": "S"}, "issues": list(issues), "summary": summary | {"errors": 0, "warnings": 0}}
    return ReportWire.model_validate(content)


def issue(number: int | None, sku: str | None, severity: str = "ERROR") -> Mapping[str, object]:
    told = {"code": "90220", "severity": severity, "message": "'[x]' is required", "attributeName": "x"}
    return told | ({} if number is None else {"messageId": number}) | ({} if sku is None else {"sku": sku})


def outcomes(read: ReportWire) -> list[str]:
    return [result.outcome.value for result in results(read, LINES, "f-1").values()]


def test_a_feed_patches_each_quantity_with_merge_and_is_utf_8() -> None:
    document = feed_document("S", LINES)
    assert "قميص أزرق".encode() in document
    feed = json.loads(document)
    assert feed["header"] == {"sellerId": "S", "version": "2.0", "issueLocale": "en_AE"}
    assert [message["messageId"] for message in feed["messages"]] == [1, 2, 4]
    assert feed["messages"][1] == {
        "messageId": 2,
        "sku": "قميص أزرق",
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 6}],
            }
        ],
    }


def test_a_feed_of_the_most_lines_is_below_ten_mebibytes() -> None:
    lines = [FeedLine(number, "ق" * 64, 10**6) for number in range(1, 25_001)]
    assert len(feed_document("S", lines)) < 10 * 2**20


def test_what_no_issue_names_is_accepted_with_the_feeds_id() -> None:
    read = results(report([issue(1, "A", "WARNING")], accepted=3, invalid=0), LINES, "f-1")
    assert {(each.outcome, each.submission_id) for each in read.values()} == {(Outcome.ACCEPTED, "f-1")}
    assert [(each.code, each.severity) for each in read[1].issues] == [("90220", "warning")]


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (report([issue(2, "قميص أزرق")], accepted=2, invalid=1), ["accepted", "rejected", "accepted"]),
        (report([issue(4, "C"), issue(4, "C")], accepted=2, invalid=1), ["accepted", "accepted", "rejected"]),
        (report([issue(None, "A")], accepted=2, invalid=1), ["rejected", "accepted", "accepted"]),
        (report([issue(1, None)], accepted=2, invalid=1), ["rejected", "accepted", "accepted"]),
        # It names one line by number and another one by SKU.
        (report([issue(1, "C")], accepted=2, invalid=1), ["unknown", "accepted", "unknown"]),
        # A message or a SKU that is none of ours.
        (report([issue(9, "Z")], accepted=3, invalid=0), ["accepted", "accepted", "accepted"]),
        (report([issue(1, "Z")], accepted=2, invalid=1), ["unknown", "accepted", "accepted"]),
        # The counts do not cover what no issue names.
        (report([issue(1, "A")], processed=2, accepted=1, invalid=1), ["rejected", "unknown", "unknown"]),
        (report(accepted=2, invalid=1), ["unknown", "unknown", "unknown"]),
        # More are refused than the summary says.
        (report([issue(1, "A")], accepted=3, invalid=0), ["unknown", "accepted", "accepted"]),
        # Nothing was applied, whatever the reason.
        (report([issue(None, None)], processed=0, accepted=0, invalid=0), ["rejected", "rejected", "rejected"]),
        (report([issue(1, "A")], accepted=0, invalid=3), ["rejected", "rejected", "rejected"]),
        (report(accepted=0, invalid=0), ["unknown", "unknown", "unknown"]),
    ],
)
def test_each_line_gets_what_the_report_proves(read: ReportWire, expected: list[str]) -> None:
    assert outcomes(read) == expected


def test_a_feed_that_is_refused_as_a_whole_says_why_of_each_line() -> None:
    read = results(report([issue(None, None)], processed=0, accepted=0, invalid=0), LINES, "f-1")
    assert {each.issues[0].code for each in read.values()} == {"90220"}


def test_a_report_is_unpacked_where_it_is_compressed() -> None:
    plain = report(accepted=3, invalid=0).model_dump_json(by_alias=True).encode()
    assert read_document(gzip.compress(plain), "GZIP") == read_document(plain, None)
    for content, compression in ((plain, "GZIP"), (plain, "ZIP"), (b"{}", None), (gzip.compress(plain)[:20], "GZIP")):
        with pytest.raises(ValueError, match=r"."):
            read_document(content, compression)
