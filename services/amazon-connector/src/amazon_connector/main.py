"""The Amazon connector, put together."""

from pathlib import Path

import httpx
from connector_sdk.account import Account
from connector_sdk.connector import plug_in
from connector_sdk.feeds.plugging import plug_in_feeds
from connector_sdk.http import build_client
from connector_sdk.notifications.plugging import plug_in_notifications
from connector_sdk.reports.plugging import plug_in_reports
from pydantic import SecretStr
from runtime.service import Service, run_service
from runtime.settings import load

from amazon_connector.auth import AccessToken
from amazon_connector.client import USER_AGENT, AmazonClient
from amazon_connector.feeds.bulk import AmazonFeeds
from amazon_connector.mapping import CHANNEL
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.notifications.sqs import build_queue
from amazon_connector.reports.listings import AmazonReports
from amazon_connector.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
CREDENTIALS = ("AMAZON_CLIENT_ID", "AMAZON_CLIENT_SECRET", "AMAZON_REFRESH_TOKEN", "AMAZON_SELLER_ID")


def main() -> None:
    run_service("amazon-connector", load(Settings), fill, migrations=MIGRATIONS)


def fill(service: Service, settings: Settings) -> None:
    account = Account(CHANNEL, f"{settings.amazon_seller_id}:{settings.amazon_marketplace_id}", CREDENTIALS)
    http = build_client(settings.endpoint, USER_AGENT, connections=settings.push_concurrency + 4)
    client = build_amazon_client(settings, http)
    queue = build_queue(settings)
    marketplace = AmazonMarketplace(client, has_notifications=queue is not None)
    lead = plug_in(service, settings, account, marketplace)
    plug_in_feeds(service, settings, account, marketplace, AmazonFeeds(client, http), lead)
    plug_in_reports(service, settings, account, AmazonReports(client, http), lead)
    if queue:
        plug_in_notifications(service, settings, account, marketplace, queue, lead)


def build_marketplace(settings: Settings, http: httpx.AsyncClient) -> AmazonMarketplace:
    return AmazonMarketplace(build_amazon_client(settings, http))


def build_amazon_client(settings: Settings, http: httpx.AsyncClient) -> AmazonClient:
    grant = {
        "client_id": SecretStr(settings.amazon_client_id),
        "client_secret": settings.amazon_client_secret,
        "refresh_token": settings.amazon_refresh_token,
    }
    token = AccessToken(http, settings.amazon_lwa_url, grant)
    return AmazonClient(http, token, settings.amazon_seller_id, settings.amazon_marketplace_id)
