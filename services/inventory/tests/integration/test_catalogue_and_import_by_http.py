"""Products and listings by HTTP: page by page, and from a file."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from inventory.domain.allocation import Policy
from inventory.entrypoints.api import writing
from inventory.entrypoints.catalogue_api import catalogue
from inventory.entrypoints.consumers import book_opener
from inventory.entrypoints.listing_import_api import listing_import
from inventory.listing_file import HEADER
from runtime.http import create_app
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")


@pytest.fixture
async def api(engine: AsyncEngine, worker: Worker) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("inventory", {})
    for router in (
        writing(worker, POLICY),
        catalogue(engine),
        listing_import(worker, POLICY, book_opener(POLICY, None)),
    ):
        app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        for sku in ("A", "B/1", "C"):
            await http.put(f"/v1/products/{sku}", json={"title": f"كوب {sku}"})
        yield http


async def send(api: httpx.AsyncClient, *rows: str, dry_run: bool = False) -> dict[str, Any]:
    content = "\r\n".join([HEADER, *rows]).encode()
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    answer = await api.post("/v1/listings/import", params={"dry_run": dry_run}, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(engine: AsyncEngine, topic: str = "listing.changed") -> list[tuple[str, str]]:
    async with engine.connect() as connection:
        query = text("select value from outbox where topic = :topic order by id")
        values = (await connection.execute(query, {"topic": topic})).scalars()
        events = [json.loads(value)["data"] for value in values]
    return [(event["channel"], event["sku"]) for event in events]


async def listed(api: httpx.AsyncClient, **parameters: str | int) -> list[str]:
    found = (await api.get("/v1/listings", params=parameters)).json()
    return [f"{listing['channel']}:{listing['sku']}" for listing in found]


async def test_products_come_page_by_page(api: httpx.AsyncClient) -> None:
    first = (await api.get("/v1/products", params={"limit": 2})).json()
    rest = (await api.get("/v1/products", params={"limit": 2, "after": first[-1]["sku"]})).json()
    assert [product["sku"] for product in (*first, *rest)] == ["A", "B/1", "C"]


async def test_a_product_is_shown_as_it_was_put(api: httpx.AsyncClient) -> None:
    body = {
        "title": "كوب",
        "category": "cups",
        "base_price": {"amount": "99.50", "currency": "EGP"},
        "vat_rate": "0.14",
        "is_active": False,
    }
    await api.put("/v1/products/NEW%2F1", json=body)
    found = (await api.get("/v1/products/NEW%2F1")).json()
    changed_at = found.pop("changed_at")
    assert found == body | {
        "sku": "NEW/1",
        "base_price": {"amount": "99.5000", "currency": "EGP"},
        "vat_rate": "0.1400",
    }
    assert changed_at


@pytest.mark.parametrize("path", ["/v1/products/NOPE", "/v1/listings/noon/A", "/v1/listings/ebay/A"])
async def test_what_is_not_there_is_a_problem(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_title_that_is_too_long_is_the_callers_fault(api: httpx.AsyncClient) -> None:
    answer = await api.put("/v1/products/A", json={"title": "x" * 1001})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "body.title")


async def test_text_that_can_not_be_stored_is_the_callers_fault(api: httpx.AsyncClient) -> None:
    answer = await api.put("/v1/products/A", json={"title": "a\0b"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_listings_come_page_by_page(api: httpx.AsyncClient) -> None:
    await send(api, "A,amazon,1,,,true", "B/1,noon,2,B0,https://example.com/2,no", "C,amazon,3,,,1")
    assert await listed(api) == ["amazon:A", "amazon:C", "noon:B/1"]
    assert await listed(api, limit=1, after="amazon:A") == ["amazon:C"]
    assert await listed(api, channel="amazon", after="amazon:C") == []
    found = (await api.get("/v1/listings/noon/B%2F1")).json()
    assert (found["external_sku"], found["external_id"], found["is_active"]) == ("2", "B0", False)
    assert (await api.get("/v1/listings", params={"after": "A"})).status_code == 422


async def test_every_good_row_is_in_and_every_bad_one_is_named(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await send(api, "C,amazon,TAKEN,,,true", "A,noon,7,,,true")
    found = await send(
        api,
        "A,amazon,1,,,true",
        "NOPE,amazon,2,,,true",
        "A,ebay,3,,,true",
        "B/1,amazon,TAKEN,,,true",
        "C,noon,4,,,maybe",
        "B/1,noon,5,,,true",
        "C,noon,5,,,true",
        "A,noon,7,,,true",
    )
    assert (found["rows"], found["changed"], found["unchanged"], found["dry_run"]) == (8, 2, 1, False)
    parts = ["no product 'NOPE'", "no channel 'ebay'", "is 'C' on amazon", "is_active must be", "is on line 7 already"]
    assert [row["line"] for row in found["bad"]] == [3, 4, 5, 6, 8]
    assert [part for part, row in zip(parts, found["bad"], strict=True) if part not in row["reason"]] == []
    assert await listed(api) == ["amazon:A", "amazon:C", "noon:A", "noon:B/1"]
    assert (await told(engine))[2:] == [("amazon", "A"), ("noon", "B/1")]


async def test_a_dry_run_says_the_same_and_does_nothing(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    rows = ["A,amazon,1,,,true", "NOPE,amazon,2,,,true", "B/1,amazon,1,,,true"]
    before = await told(engine, "channel.stock.target")
    tried = await send(api, *rows, dry_run=True)
    assert tried.pop("dry_run")
    assert await listed(api) == []
    assert await told(engine) == []
    assert await told(engine, "channel.stock.target") == before
    assert (await api.get("/v1/listings/amazon/A")).status_code == 404
    done = await send(api, *rows)
    assert not done.pop("dry_run")
    assert done == tried


async def test_the_same_file_again_changes_nothing(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    for changed, unchanged in ((1, 0), (0, 1)):
        found = await send(api, "A,amazon,1,,,true")
        assert (found["changed"], found["unchanged"], found["bad"]) == (changed, unchanged, [])
    assert len(await told(engine)) == 1


async def test_a_file_of_many_chunks_keeps_its_lines(api: httpx.AsyncClient) -> None:
    rows = [f"{'NOPE' if number == 4500 else 'C'},noon,{number},,,true" for number in range(2, 5002)]
    found = await send(api, *rows)
    assert (found["rows"], found["changed"], len(found["bad"])) == (5000, 1, 4999)
    assert [row["line"] for row in found["bad"]] == list(range(3, 5002))
    assert "no product 'NOPE'" in found["bad"][4500 - 3]["reason"]


@pytest.mark.parametrize(
    ("content", "media_type", "status", "part"),
    [
        (b"sku;channel\n", "text/csv", 422, "not by semicolons"),
        (b"", "text/csv", 422, "the first line must be"),
        (HEADER.encode(), "application/json", 415, "text/csv"),
    ],
)
async def test_what_is_no_file_of_listings_is_refused(
    api: httpx.AsyncClient, content: bytes, media_type: str, status: int, part: str
) -> None:
    answer = await api.post("/v1/listings/import", content=content, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert part in answer.json()["detail"]


async def test_listings_as_json_can_be_tried_too(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    listings = [{"channel": "noon", "sku": sku, "external_sku": sku} for sku in ("A", "NOPE", "C")]
    tried = (await api.post("/v1/listings", json={"listings": listings, "dry_run": True})).json()
    assert (tried["changed"], tried["unchanged"], [r["index"] for r in tried["refused"]]) == (2, 0, [1])
    assert await told(engine) == []
