"""Is the account in force, what is in the catalogue, what would a write come to: asked of Amazon's stand-in."""

from decimal import Decimal

import httpx
import pytest
from amazon_connector.main import build_marketplace
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.settings import Settings
from connector_sdk.marketplace import MarketplaceError, Outcome
from contracts import Money

pytestmark = pytest.mark.integration

ODD_SKUS = ("plain", "a/b#c d%41?e&f=g", "g,h", "قميص أزرق", "x+y~z*'\"", "..%2F..")
PRICE = Money(amount=Decimal("1499.90"), currency="EGP")


async def _sandbox(url: str, method: str, path: str, body: object = None) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        response = await client.request(method, f"{url}/_sandbox/{path}", json=body)
    return response.raise_for_status()


async def _list(url: str, *skus: str, **more: object) -> None:
    await _sandbox(url, "POST", "listings", [{"external_sku": sku, "quantity": 5, **more} for sku in skus])


async def test_the_account_works(marketplace: AmazonMarketplace) -> None:
    assert await marketplace.check_account() is None


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"no_participation": True}, "the seller does not take part in ARBP9OOSHTCHU (but in: none): register there"),
        ({"suspended": True}, "see Account Health in Seller Central"),
    ],
)
async def test_an_account_that_may_not_sell_says_what_to_do(
    marketplace: AmazonMarketplace, amazon_url: str, faults: dict[str, bool], said: str
) -> None:
    await _sandbox(amazon_url, "PUT", "faults", faults)
    refused = await marketplace.check_account()
    assert refused is not None
    assert said in refused


async def test_another_countrys_marketplace_is_found_out(settings: Settings, http: httpx.AsyncClient) -> None:
    other = settings.model_copy(update={"amazon_marketplace_id": "A2VIGQ35RCS4UG"})
    refused = await build_marketplace(other, http).check_account()
    assert refused is not None
    assert "does not take part in A2VIGQ35RCS4UG (but in: ARBP9OOSHTCHU)" in refused
    assert "AMAZON_MARKETPLACE_ID" in refused


@pytest.mark.parametrize(("fault", "outcome"), [("unauthorised", Outcome.UNAUTHORISED), ("down_s", Outcome.UNKNOWN)])
async def test_an_account_that_can_not_be_asked_about_is_an_error(
    marketplace: AmazonMarketplace, amazon_url: str, fault: str, outcome: Outcome
) -> None:
    await marketplace.check_account()
    await _sandbox(amazon_url, "PUT", "faults", {fault: True if fault == "unauthorised" else 60})
    with pytest.raises(MarketplaceError) as raised:
        await marketplace.check_account()
    assert raised.value.outcome is outcome


async def test_a_search_shows_what_a_reading_does(marketplace: AmazonMarketplace, amazon_url: str) -> None:
    await _list(amazon_url, *ODD_SKUS)
    await _sandbox(amazon_url, "PUT", "faults", {"largest_page": 2})
    searched = await marketplace.search_listings([*ODD_SKUS, "nobody"])
    assert sorted(each.external_sku for each in searched) == sorted(sku for sku in ODD_SKUS if "," not in sku)
    read = {each.external_sku: each for each in await marketplace.read_listings(ODD_SKUS)}
    for each in searched:
        twin = read[each.external_sku]
        assert (
            (each.quantity, each.price, each.refusal)
            == (twin.quantity, twin.price, twin.refusal)
            == (5, each.price, None)
        )
        assert each.price is not None


async def test_what_may_not_be_written_says_why(marketplace: AmazonMarketplace, amazon_url: str) -> None:
    await _list(amazon_url, "F", fulfilled_by_marketplace=True)
    unknown, theirs = await marketplace.read_listings(["nobody", "F"])
    assert unknown.refusal is not None
    assert unknown.refusal.code == "UnknownListing"
    assert "404" in unknown.refusal.message
    assert theirs.refusal is not None
    assert (theirs.refusal.code, theirs.quantity) == ("FulfilledByAmazon", None)
    assert "AMAZON_EU" in theirs.refusal.message


async def test_a_dry_run_writes_nothing(marketplace: AmazonMarketplace, amazon_url: str) -> None:
    await _list(amazon_url, "A")
    await _list(amazon_url, "B", rejects_writes=True)
    good = await marketplace.dry_run("A", 9, PRICE)
    assert (good.outcome, good.issues) == (Outcome.ACCEPTED, ())
    refused = await marketplace.dry_run("B", 9, None)
    assert (refused.outcome, len(refused.issues)) == (Outcome.REJECTED, 1)
    too_precise = Money(amount=Decimal("12345678901234.5678"), currency="EGP")
    bad = await marketplace.dry_run("A", None, too_precise)
    assert (bad.outcome, bad.issues[0].code) == (Outcome.REJECTED, "UnwritablePrice")
    state = (await _sandbox(amazon_url, "GET", "state")).json()
    assert (state["listings"]["A"]["quantity"], state["prices"]["A"]) == (5, "100.00")


async def test_a_dry_run_that_gets_no_answer_says_so(marketplace: AmazonMarketplace, amazon_url: str) -> None:
    await _sandbox(amazon_url, "PUT", "faults", {"throttle_rate": 1})
    assert (await marketplace.dry_run("A", 9, None)).outcome is Outcome.RETRY
