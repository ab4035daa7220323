"""The run that is recorded: the Amazon connector against its sandbox, in fair weather and in foul."""

import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal

import httpx
from amazon_connector.client import USER_AGENT
from amazon_connector.feeds.bulk import AmazonFeeds
from amazon_connector.main import build_amazon_client, build_marketplace
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.notifications.subscribe import Subscriber, build_subscriber
from amazon_connector.reports.listings import AmazonReports
from amazon_connector.settings import Settings
from connector_sdk.http import build_client
from connector_sdk.marketplace import FeeLine, MarketplaceError, PriceLine, Search, Shipment, StockLine
from connector_sdk.testing.served import serve
from contracts import Money, Package, PackageLine
from sandbox.amazon import app
from sandbox.amazon.settings import AmazonSettings

from fidelity.exchange import Recorder
from fidelity.feed_scenes import play_fair, play_foul, play_strangers
from fidelity.notifications import order_changes, subscribe
from fidelity.records import Recording
from fidelity.report_scenes import play_reports
from fidelity.transfers import documents_of

SELLER = AmazonSettings(
    client_id="amzn1.application-oa2-client.fidelity",
    client_secret="made-up",  # noqa: S106 - the sandbox's own
    refresh_token="Atzr|made-up",  # noqa: S106 - the sandbox's own
    seller_id="A1FIDELITY",
)
ODD_SKUS = ("plain", "a/b#c d%41?e&f=g,h", "قميص أزرق", "x+y~z*'\"", "..%2F..")
REJECTING = "takes-no-write"
_PRICE = Money(amount=Decimal("1499.90"), currency="EGP")
_LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_SEED = 7
_FOUL_ROUNDS = 4
"""Enough for both of the sandbox's errors to come up for each operation."""


class Stage:
    """The connector as `main.py` builds it, with its sandbox's control surface beside it."""

    def __init__(self, url: str, http: httpx.AsyncClient, sandbox: httpx.AsyncClient) -> None:
        self._url = url
        self._http = http
        self._sandbox = sandbox
        self.order_id = ""
        self.easy_ship_id = ""

    def marketplace(self, **changed: object) -> AmazonMarketplace:
        """A new one, without a token yet."""
        return build_marketplace(_settings(self._url, **changed), self._http)

    def feeds(self, **changed: object) -> AmazonFeeds:
        """A new one, without a token yet."""
        return AmazonFeeds(build_amazon_client(_settings(self._url, **changed), self._http), self._http)

    def reports(self, **changed: object) -> AmazonReports:
        """A new one, without a token yet."""
        return AmazonReports(build_amazon_client(_settings(self._url, **changed), self._http), self._http)

    def subscriber(self) -> Subscriber:
        return build_subscriber(_settings(self._url), self._http)

    async def list_and_sell(self) -> None:
        """Listings, and an order of every status."""
        listings = [{"external_sku": sku, "quantity": 50} for sku in ODD_SKUS]
        rejecting = {"external_sku": REJECTING, "quantity": 1, "rejects_writes": True}
        fba = {"external_sku": "ships-from-amazon", "quantity": 5, "fulfilled_by_marketplace": True}
        await self._ask("POST", "listings", [*listings, rejecting, fba])
        for status in ("pending", "unshipped", "shipped", "cancelled"):
            await self._order("plain", 2, status)
        partly_cancelled, partly_shipped = await self._order(ODD_SKUS[1], 3), await self._order(ODD_SKUS[2], 3)
        await self._ask("POST", f"orders/{partly_cancelled}/cancel", {"quantity": 1})
        await self._ask("POST", f"orders/{partly_shipped}/ship", {"quantity": 1})
        self.order_id = partly_cancelled
        self.easy_ship_id = await self._order("plain", 1, easy_ship=True)

    async def set_faults(self, **faults: object) -> None:
        await self._ask("PUT", "faults", faults)

    async def _order(self, sku: str, quantity: int, status: str = "unshipped", *, easy_ship: bool = False) -> str:
        order = {"external_sku": sku, "quantity": quantity, "status": status, "easy_ship": easy_ship}
        answer = await self._ask("POST", "orders", order)
        return str(answer.json()["external_order_id"])

    async def _ask(self, method: str, path: str, body: object) -> httpx.Response:
        return (await self._sandbox.request(method, path, json=body)).raise_for_status()


async def play() -> Recording:
    """Play every scene and hand over what went over the wire."""
    recorder = Recorder()
    async with (
        serve(app.build(SELLER, seed=_SEED)) as url,
        build_client(url, USER_AGENT) as http,
        httpx.AsyncClient(base_url=f"{url}/_sandbox/") as sandbox,
    ):
        recorder.listen(http)
        stage = Stage(url, http, sandbox)
        await stage.list_and_sell()
        await _fair(stage)
        by_feed = await play_fair(stage, (*ODD_SKUS, REJECTING, "nobody-sells-this"))
        for faults in ({"throttle_rate": 1}, {"unauthorised": True}, {"limit_scale": 0.001}):
            await _foul(stage, 2, **faults)
            await play_foul(stage, by_feed, 2, **faults)
        await _foul(stage, _FOUL_ROUNDS, error_rate=1)
        await play_foul(stage, by_feed, _FOUL_ROUNDS, error_rate=1)
        await stage.set_faults()
        await _strangers(stage)
        await play_strangers(stage, by_feed)
        await play_reports(stage)
        await subscribe(stage.subscriber, stage.set_faults)
    return Recording(recorder.exchanges, [*documents_of(recorder.exchanges), *order_changes()])


async def _fair(stage: Stage) -> None:
    """All that the connector does: every SKU, every page of both searches, orders that are there and that are not."""
    marketplace = stage.marketplace()
    skus = (*ODD_SKUS, REJECTING, "ships-from-amazon", "nobody-sells-this")
    await marketplace.push_stock([StockLine(sku, sku, number, 1) for number, sku in enumerate(skus)])
    await marketplace.push_prices([PriceLine(sku, sku, _PRICE, 1) for sku in skus])
    await marketplace.read_listings(skus)
    await marketplace.search_listings(skus)
    await marketplace.check_account()
    for sku in (*ODD_SKUS, REJECTING):
        await marketplace.dry_run(sku, 7, _PRICE)
    await marketplace.estimate_fees([FeeLine(sku, sku, _PRICE) for sku in skus])
    await stage.set_faults(largest_page=4, duplicate_rate=0.5, reorder=True)
    await marketplace.search_listings(skus)
    for search in Search:
        page = await marketplace.fetch_orders(search, _LONG_AGO, None)
        while page.next_cursor:
            page = await marketplace.fetch_orders(search, _LONG_AGO, page.next_cursor)
    await stage.set_faults()
    await marketplace.fetch_order(stage.order_id)
    await marketplace.fetch_order("402-0000000-0000000")
    for carrier_code, carrier_name, quantity in (("Aramex", None, 1), ("Other", "Bosta", 2), ("Other", None, 1)):
        shipment = _shipment(stage.order_id, quantity, carrier_code, carrier_name)
        await marketplace.confirm_shipment(shipment)
    await marketplace.confirm_shipment(_shipment("402-0000000-0000000", 1))
    await marketplace.confirm_shipment(_shipment(stage.easy_ship_id, 1))


def _operations(stage: Stage) -> list[Callable[[AmazonMarketplace], Awaitable[object]]]:
    """Each of the connector's operations once. A new one of the port is added here."""
    return [
        lambda amazon: amazon.push_stock([StockLine("plain", "plain", 3, 1)]),
        lambda amazon: amazon.push_prices([PriceLine("plain", "plain", _PRICE, 1)]),
        lambda amazon: amazon.read_listings(["plain"]),
        lambda amazon: amazon.search_listings(["plain", "x+y~z*'\""]),
        lambda amazon: amazon.check_account(),
        lambda amazon: amazon.dry_run("plain", 3, None),
        lambda amazon: amazon.fetch_orders(Search.CREATED, _LONG_AGO, None),
        lambda amazon: amazon.fetch_orders(Search.UPDATED, _LONG_AGO, None),
        lambda amazon: amazon.fetch_order(stage.order_id),
        lambda amazon: amazon.estimate_fees([FeeLine("plain", "plain", _PRICE)]),
        lambda amazon: amazon.confirm_shipment(_shipment(stage.order_id, 1)),
    ]


async def _foul(stage: Stage, rounds: int, **faults: object) -> None:
    """Every operation under a fault, each with a token in force, and asking for one."""
    operations = _operations(stage)
    for operation in operations * rounds:
        await stage.set_faults()
        amazon = stage.marketplace()
        await amazon.fetch_order(stage.order_id)
        await stage.set_faults(**faults)
        await _try(operation, amazon)
    for _ in range(2 * rounds):
        await _try(operations[0], stage.marketplace())


async def _strangers(stage: Stage) -> None:
    """Callers whom Amazon knows nothing of: wrong secret, another seller, another country's marketplace."""
    for changed in (
        {"amazon_client_secret": "wrong"},
        {"amazon_refresh_token": "Atzr|wrong"},
        {"amazon_seller_id": "A1ANOTHER"},
        {"amazon_marketplace_id": "A17E79C6D8DWNP"},
    ):
        stranger = stage.marketplace(**changed)
        for operation in _operations(stage):
            await _try(operation, stranger)


async def _try(operation: Callable[[AmazonMarketplace], Awaitable[object]], amazon: AmazonMarketplace) -> None:
    with contextlib.suppress(MarketplaceError):
        await operation(amazon)


def _shipment(order_id: str, quantity: int, carrier_code: str = "Aramex", carrier_name: str | None = None) -> Shipment:
    """A parcel of the only item of one of the sandbox's orders."""
    package = Package(
        package_id="parcel-1",
        carrier_code=carrier_code,
        carrier_name=carrier_name,
        tracking_number="T-1",
        shipped_at=_LONG_AGO,
        lines=(PackageLine(external_line_id=order_id.replace("-", "")[3:], quantity=quantity),),
    )
    return Shipment(order_id, package)


def _settings(url: str, **changed: object) -> Settings:
    values: dict[str, object] = {
        "kafka_bootstrap_servers": "unused:1",
        "database_url": "postgresql://unused/unused",
        "api_key": "unused",
        "amazon_client_id": SELLER.client_id,
        "amazon_client_secret": SELLER.client_secret,
        "amazon_refresh_token": SELLER.refresh_token,
        "amazon_seller_id": SELLER.seller_id,
        "amazon_endpoint": url,
        "amazon_lwa_url": f"{url}/auth/o2/token",
    }
    return Settings.model_validate(values | changed)
