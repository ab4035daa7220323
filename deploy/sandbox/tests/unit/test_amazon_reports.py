import gzip

import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
ASKED = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": ["ARBP9OOSHTCHU"]}
ARABIC = "قميص أزرق"


async def _asked(amazon: httpx.AsyncClient, **faults: object) -> str:
    """Two listings, one of which Amazon ships, and a report of them; its path."""
    listings = [{"external_sku": ARABIC, "quantity": 3}]
    fba = {"external_sku": "F", "quantity": 9, "fulfilled_by_marketplace": True}
    (await amazon.post("/_sandbox/listings", json=[*listings, fba])).raise_for_status()
    (await amazon.put("/_sandbox/faults", json={"report_s": (10, 20)} | faults)).raise_for_status()
    answer = await amazon.post(REPORTS, json=ASKED)
    assert answer.status_code == 202
    return f"{REPORTS}/{answer.json()['reportId']}"


async def _fetched(amazon: httpx.AsyncClient, report: dict[str, str]) -> httpx.Response:
    described = (await amazon.get(f"{DOCUMENTS}/{report['reportDocumentId']}")).json()
    request = amazon.build_request("GET", described["url"])
    del request.headers["x-amz-access-token"]
    return await amazon.send(request)


async def test_a_report_waits_is_made_and_lists_everything(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    path = await _asked(amazon)
    assert (await amazon.get(path)).json()["processingStatus"] == "IN_QUEUE"
    clock.advance(seconds=15)
    assert (await amazon.get(path)).json()["processingStatus"] == "IN_PROGRESS"
    clock.advance(seconds=15)
    report = (await amazon.get(path)).json()
    assert report["processingStatus"] == "DONE"
    header, *rows = gzip.decompress((await _fetched(amazon, report)).content).decode().splitlines()
    told = [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]
    names = ("seller-sku", "quantity", "fulfillment-channel", "status")
    assert [tuple(row[name] for name in names) for row in told] == [
        (ARABIC, "3", "DEFAULT", "Active"),
        ("F", "", "AMAZON_EU", "Active"),
    ]


@pytest.mark.parametrize("end", ["FATAL", "CANCELLED"])
async def test_a_report_that_fails_has_no_document(amazon: httpx.AsyncClient, clock: ManualClock, end: str) -> None:
    path = await _asked(amazon, report_end=end)
    clock.advance(seconds=30)
    report = (await amazon.get(path)).json()
    assert (report["processingStatus"], "reportDocumentId" in report) == (end, False)


async def test_a_document_may_be_plain_lack_a_column_or_all_arabic(
    amazon: httpx.AsyncClient, clock: ManualClock
) -> None:
    for fault, missing in (("plain", ""), ("missing_column", "status"), ("cp1252", ARABIC)):
        path = await _asked(amazon, report_fault=fault)
        clock.advance(seconds=30)
        answer = await _fetched(amazon, (await amazon.get(path)).json())
        content = answer.content if fault == "plain" else gzip.decompress(answer.content)
        text = content.decode(answer.charset_encoding or "")
        assert "seller-sku" in text
        assert not missing or missing not in text


@pytest.mark.parametrize(("is_stale", "quantity"), [(False, "8"), (True, "3")])
async def test_a_stale_report_shows_each_quantity_before_its_last_change(
    amazon: httpx.AsyncClient, clock: ManualClock, quantity: str, *, is_stale: bool
) -> None:
    path = await _asked(amazon, report_stale=is_stale)
    (await amazon.put(f"/_sandbox/listings/{ARABIC}", json={"quantity": 8})).raise_for_status()
    clock.advance(seconds=30)
    answer = await _fetched(amazon, (await amazon.get(path)).json())
    header, row, *_ = gzip.decompress(answer.content).decode().splitlines()
    assert dict(zip(header.split("\t"), row.split("\t"), strict=True))["quantity"] == quantity


@pytest.mark.parametrize("changed", [{"reportType": "GET_ORDERS"}, {"marketplaceIds": ["A2VIGQ35RCS4UG"]}])
async def test_other_reports_and_marketplaces_are_refused(
    amazon: httpx.AsyncClient, changed: dict[str, object]
) -> None:
    assert (await amazon.post(REPORTS, json=ASKED | changed)).status_code == 400
    assert (await amazon.get(f"{REPORTS}/1")).status_code == 404
