import gzip
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
JSON_TYPE = "application/json; charset=UTF-8"
EGYPT = "ARBP9OOSHTCHU"
HEADER = {"sellerId": "SELLER1", "version": "2.0"}


def message(number: int, sku: str, quantity: object, **changed: object) -> dict[str, Any]:
    availability = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [availability]}
    told = {"messageId": number, "sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": [patch]}
    return told | changed


async def put_on_sale(amazon: httpx.AsyncClient, *skus: str, rejects_writes: bool = False) -> None:
    listings = [{"external_sku": sku, "quantity": 1, "rejects_writes": rejects_writes} for sku in skus]
    (await amazon.post("/_sandbox/listings", json=listings)).raise_for_status()


async def set_faults(amazon: httpx.AsyncClient, **faults: object) -> None:
    (await amazon.put("/_sandbox/faults", json=faults)).raise_for_status()


async def put(amazon: httpx.AsyncClient, url: str, content: bytes, content_type: str = JSON_TYPE) -> int:
    """As an address is used: without a token."""
    request = amazon.build_request("PUT", url, content=content, headers={"content-type": content_type})
    del request.headers["x-amz-access-token"]
    return (await amazon.send(request)).status_code


async def upload(amazon: httpx.AsyncClient, content: bytes, content_type: str = JSON_TYPE) -> tuple[str, int]:
    created = await amazon.post(DOCUMENTS, json={"contentType": JSON_TYPE})
    assert created.status_code == 201
    document = created.json()
    return document["feedDocumentId"], await put(amazon, document["url"], content, content_type)


async def create_feed(amazon: httpx.AsyncClient, document_id: str) -> httpx.Response:
    body = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [EGYPT], "inputFeedDocumentId": document_id}
    return await amazon.post(FEEDS, json=body)


async def submit(amazon: httpx.AsyncClient, messages: Sequence[dict[str, Any]]) -> str:
    content = json.dumps({"header": HEADER, "messages": messages}, ensure_ascii=False).encode()
    document_id, status = await upload(amazon, content)
    assert status == 200
    created = await create_feed(amazon, document_id)
    assert created.status_code == 202
    return str(created.json()["feedId"])


async def status_of(amazon: httpx.AsyncClient, feed_id: str) -> str:
    return str((await amazon.get(f"{FEEDS}/{feed_id}")).json()["processingStatus"])


async def report_of(amazon: httpx.AsyncClient, feed_id: str) -> dict[str, Any]:
    feed = (await amazon.get(f"{FEEDS}/{feed_id}")).json()
    document = (await amazon.get(f"{DOCUMENTS}/{feed['resultFeedDocumentId']}")).json()
    assert document["compressionAlgorithm"] == "GZIP"
    read: dict[str, Any] = json.loads(gzip.decompress((await amazon.get(document["url"])).content))
    return read


async def quantities(amazon: httpx.AsyncClient) -> dict[str, int]:
    listings = (await amazon.get("/_sandbox/state")).json()["listings"]
    return {sku: listing["quantity"] for sku, listing in listings.items()}


async def test_a_feed_waits_is_processed_and_then_applied(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    await put_on_sale(amazon, "A", "قميص أزرق")
    feed_id = await submit(amazon, [message(1, "A", 7), message(2, "قميص أزرق", 9), message(3, "unknown", 1)])
    assert await status_of(amazon, feed_id) == "IN_QUEUE"
    clock.advance(seconds=10)
    assert await status_of(amazon, feed_id) == "IN_PROGRESS"
    assert await quantities(amazon) == {"A": 1, "قميص أزرق": 1}
    clock.advance(seconds=20)
    assert await quantities(amazon) == {"A": 7, "قميص أزرق": 9}, "though nobody asked for the feed"

    report = await report_of(amazon, feed_id)
    assert report["header"] == HEADER | {"feedId": feed_id}
    assert report["issues"] == []
    assert report["summary"]["messagesAccepted"] == 3, "as a patch of an unknown SKU is"


async def test_messages_are_refused_one_by_one(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    await put_on_sale(amazon, "A")
    await put_on_sale(amazon, "closed", rejects_writes=True)
    messages = [
        message(1, "A", 7),
        message(2, "closed", 7),
        message(3, "A", -1),
        message(4, "A", 1, operationType="PARTIAL_UPDATE"),
        message(5, "A", 1, attributes={}),
    ]
    feed_id = await submit(amazon, messages)
    clock.advance(seconds=60)
    report = await report_of(amazon, feed_id)
    assert await quantities(amazon) == {"A": 7, "closed": 1}
    assert [(each["messageId"], each["severity"]) for each in report["issues"]] == [(n, "ERROR") for n in (2, 3, 4, 5)]
    counts = {"messagesProcessed": 5, "messagesAccepted": 1, "messagesInvalid": 4}
    assert report["summary"] == counts | {"errors": 4, "warnings": 0}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        json.dumps({"header": {"sellerId": "ANOTHER", "version": "2.0"}, "messages": [message(1, "A", 7)]}).encode(),
        json.dumps({"header": HEADER, "messages": []}).encode(),
        json.dumps({"header": HEADER, "messages": [message(1, "A", 7), message(1, "A", 8)]}).encode(),
        json.dumps({"header": HEADER, "messages": [message(0, "A", 7)]}).encode(),
    ],
)
async def test_a_feed_that_makes_no_sense_is_done_with_an_issue(
    amazon: httpx.AsyncClient, clock: ManualClock, content: bytes
) -> None:
    await put_on_sale(amazon, "A")
    document_id, _ = await upload(amazon, content)
    feed_id = (await create_feed(amazon, document_id)).json()["feedId"]
    clock.advance(seconds=60)
    report = await report_of(amazon, feed_id)
    assert [(issue["code"], "messageId" in issue) for issue in report["issues"]] == [("4002001", False)]
    assert report["summary"]["messagesProcessed"] == 0
    assert await quantities(amazon) == {"A": 1}


async def test_an_upload_with_another_content_type_or_too_late_is_refused(
    amazon: httpx.AsyncClient, clock: ManualClock
) -> None:
    document_id, status = await upload(amazon, b"{}", "application/json;charset=UTF-8")
    assert status == 403
    assert (await create_feed(amazon, document_id)).status_code == 400, "nothing was uploaded"

    document = (await amazon.post(DOCUMENTS, json={"contentType": JSON_TYPE})).json()
    assert await put(amazon, f"{document['url']}x", b"{}") == 403
    clock.advance(seconds=299)
    assert await put(amazon, document["url"], b"{}") == 200
    clock.advance(seconds=1)
    assert await put(amazon, document["url"], b"{}") == 403


async def test_only_a_feed_in_the_queue_can_be_cancelled(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    await put_on_sale(amazon, "A")
    first, second = await submit(amazon, [message(1, "A", 7)]), await submit(amazon, [message(1, "A", 9)])
    clock.advance(seconds=15)
    assert [await status_of(amazon, each) for each in (first, second)] == ["IN_PROGRESS", "IN_QUEUE"]
    assert (await amazon.delete(f"{FEEDS}/{first}")).status_code == 400
    cancelled = await amazon.delete(f"{FEEDS}/{second}")
    assert (cancelled.status_code, cancelled.content) == (200, b"")
    clock.advance(seconds=60)
    assert [await status_of(amazon, each) for each in (first, second)] == ["DONE", "CANCELLED"]
    assert await quantities(amazon) == {"A": 7}
    listed = (await amazon.get(FEEDS, params={"feedTypes": "JSON_LISTINGS_FEED"})).json()["feeds"]
    assert [feed["feedId"] for feed in listed] == [second, first]
    assert (await amazon.get(f"{FEEDS}/1")).status_code == 404


@pytest.mark.parametrize(("where", "status"), [("queue", "IN_QUEUE"), ("progress", "IN_PROGRESS")])
async def test_a_feed_is_stuck_for_as_long_as_the_faults_ask(
    amazon: httpx.AsyncClient, clock: ManualClock, where: str, status: str
) -> None:
    await put_on_sale(amazon, "A")
    await set_faults(amazon, feed_stuck=where)
    feed_id = await submit(amazon, [message(1, "A", 7)])
    clock.advance(seconds=3_000)
    assert await status_of(amazon, feed_id) == status
    await set_faults(amazon)
    await status_of(amazon, feed_id)
    clock.advance(seconds=60)
    assert await status_of(amazon, feed_id) == "DONE"
    assert await quantities(amazon) == {"A": 7}


async def test_a_fatal_feed_has_applied_some_of_it_and_reports_nothing(
    amazon: httpx.AsyncClient, clock: ManualClock
) -> None:
    await put_on_sale(amazon, "A", "B")
    await set_faults(amazon, feed_fatal=True, time_scale=30)
    feed_id = await submit(amazon, [message(1, "A", 7), message(2, "B", 7)])
    clock.advance(seconds=1)
    feed = (await amazon.get(f"{FEEDS}/{feed_id}")).json()
    assert (feed["processingStatus"], "resultFeedDocumentId" in feed) == ("FATAL", False)
    assert await quantities(amazon) == {"A": 7, "B": 1}


async def test_of_this_type_five_feeds_go_at_once(amazon: httpx.AsyncClient) -> None:
    await set_faults(amazon, limit_scale=1)
    document_id, _ = await upload(amazon, b"{}")
    assert [(await create_feed(amazon, document_id)).status_code for _ in range(6)] == [202] * 5 + [429]


async def test_a_share_of_the_messages_is_refused_on_request(amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    await set_faults(amazon, feed_error_rate=0.5)
    feed_id = await submit(amazon, [message(number, f"sku-{number}", 7) for number in range(1, 101)])
    clock.advance(seconds=60)
    summary = (await report_of(amazon, feed_id))["summary"]
    assert 20 < summary["messagesInvalid"] < 80
    assert summary["messagesInvalid"] + summary["messagesAccepted"] == 100
