"""What goes out, whatever is asked for: what other sellers have come to grief over."""

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import parse_qs, unquote

import httpx
import pytest
from amazon_connector.auth import AccessToken
from amazon_connector.client import USER_AGENT, AmazonClient
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.testing.canned import GRANT
from connector_sdk.http import build_client
from connector_sdk.marketplace import PriceLine, Search, StockLine
from contracts import Money

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ACCEPTED = {"sku": "x", "status": "ACCEPTED", "submissionId": "s"}
ODD_SKUS = ("a/b#c", "قميص أزرق", "100%?x=1&y", "..", " a b ")


class _Recorded:
    """The connector's own client, whose requests end here."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer
        self._http = build_client("https://spapi.test", USER_AGENT)
        self._http._transport = httpx.MockTransport(self._handle)
        token = AccessToken(self._http, "https://lwa.test/auth/o2/token", lambda: GRANT)
        self.marketplace = AmazonMarketplace(AmazonClient(self._http, token, lambda: "A1SELLER", "ARBP9OOSHTCHU"))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "lwa.test":
            return httpx.Response(200, json={"access_token": "Atza|1", "expires_in": 3600})
        self.requests.append(request)
        return self._answer(request)


def _accepting(headers: dict[str, str] | None = None) -> _Recorded:
    return _Recorded(lambda _: httpx.Response(200, json=ACCEPTED, headers=headers))


async def test_whatever_a_sku_is_made_of_it_is_one_part_of_the_path() -> None:
    amazon = _accepting()
    await amazon.marketplace.push_stock([StockLine(sku, sku, 1, 1) for sku in ODD_SKUS])

    paths = [request.url.raw_path.split(b"?")[0].decode("ascii") for request in amazon.requests]
    assert [path.count("/") for path in paths] == [5] * len(ODD_SKUS)
    assert {unquote(path.rsplit("/", 1)[1]) for path in paths} == set(ODD_SKUS)


async def test_nothing_is_ever_replaced_and_price_and_quantity_go_apart() -> None:
    amazon = _accepting()
    await amazon.marketplace.push_stock([StockLine("A", "A", 0, 1), StockLine("B", "B", 7, 2)])
    await amazon.marketplace.push_prices([PriceLine("A", "A", Money(amount=Decimal("99.90"), currency="EGP"), 1)])

    patches = [json.loads(request.content)["patches"] for request in amazon.requests]
    assert [len(each) for each in patches] == [1, 1, 1]
    assert {(patch["op"], patch["path"]) for (patch,) in patches} == {
        ("merge", "/attributes/fulfillment_availability"),
        ("merge", "/attributes/purchasable_offer"),
    }
    stock = [patch["value"] for (patch,) in patches if patch["path"].endswith("availability")]
    assert {entry["fulfillment_channel_code"] for (entry,) in stock} == {"DEFAULT"}


async def test_every_header_is_one_text_and_the_body_is_json() -> None:
    amazon = _accepting()
    await amazon.marketplace.push_stock([StockLine("A", "A", 3, 1)])

    (request,) = amazon.requests
    names = [name.lower() for name, _ in request.headers.raw]
    assert len(names) == len(set(names))
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == USER_AGENT
    assert len(USER_AGENT) <= 500
    assert re.fullmatch(r"\d{8}T\d{6}Z", request.headers["x-amz-date"])
    assert not request.headers["x-amz-access-token"].startswith(("(", "["))


async def test_a_page_is_asked_for_with_all_parameters_of_the_first() -> None:
    order = {"orders": [], "pagination": {"nextToken": "t-2"}, "createdBefore": "2026-11-22T12:00:00Z"}
    amazon = _Recorded(lambda _: httpx.Response(200, json=order))
    first = await amazon.marketplace.fetch_orders(Search.CREATED, LONG_AGO, None)
    await amazon.marketplace.fetch_orders(Search.CREATED, LONG_AGO, first.next_cursor)

    queries = [parse_qs(request.url.query.decode()) for request in amazon.requests]
    assert queries[1].pop("paginationToken") == ["t-2"]
    assert queries[0] == queries[1]
    assert queries[0]["createdAfter"] == ["2026-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("header", "allowed"), [("0.25", 0.25), ("5.0", 5.0), ("", None), ("0", None), ("inf", None), ("fast", None)]
)
async def test_the_rate_that_an_answer_tells_is_learnt(header: str, allowed: float | None) -> None:
    amazon = _accepting({"x-amzn-RateLimit-Limit": header})
    (result,) = await amazon.marketplace.push_stock([StockLine("A", "A", 3, 1)])
    assert result.allowed_rate == allowed
