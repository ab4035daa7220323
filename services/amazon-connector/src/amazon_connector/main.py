"""The Amazon connector, put together."""

from pathlib import Path

import httpx
from connector_sdk.account import Account
from connector_sdk.connector import plug_in
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.feeds.plugging import plug_in_feeds
from connector_sdk.http import build_client
from connector_sdk.notifications.plugging import plug_in_notifications
from connector_sdk.reports.plugging import plug_in_reports
from runtime.service import Service, run_service
from runtime.settings import load

from amazon_connector.auth import AccessToken, grant_of, seller_of
from amazon_connector.client import USER_AGENT, AmazonClient
from amazon_connector.feeds.bulk import AmazonFeeds
from amazon_connector.mapping import CHANNEL
from amazon_connector.marketplace import AmazonMarketplace
from amazon_connector.notifications.sqs import build_queue
from amazon_connector.reports.listings import AmazonReports
from amazon_connector.settings import CREDENTIALS, Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    run_service("amazon-connector", load(Settings), fill, migrations=MIGRATIONS)


def fill(service: Service, settings: Settings) -> None:
    account = Account(CHANNEL, settings.amazon_marketplace_id, CREDENTIALS)
    credentials = settings.credentials
    http = build_client(settings.endpoint, USER_AGENT, connections=settings.push_concurrency + 4)
    client = build_amazon_client(settings, http, credentials)
    queue = build_queue(settings, credentials)
    marketplace = AmazonMarketplace(client, has_notifications=queue is not None)
    lead = plug_in(service, settings, account, marketplace, credentials)
    plug_in_feeds(service, settings, account, marketplace, AmazonFeeds(client, http), lead)
    plug_in_reports(service, settings, account, AmazonReports(client, http), lead)
    if queue:
        plug_in_notifications(service, settings, account, marketplace, queue, lead)


def build_marketplace(settings: Settings, http: httpx.AsyncClient) -> AmazonMarketplace:
    return AmazonMarketplace(build_amazon_client(settings, http))


def build_amazon_client(
    settings: Settings, http: httpx.AsyncClient, credentials: Credentials | None = None
) -> AmazonClient:
    """With the environment's credentials, unless others are given."""
    known = credentials or settings.credentials
    token = AccessToken(http, settings.amazon_lwa_url, lambda: grant_of(known))
    return AmazonClient(http, token, lambda: seller_of(known), settings.amazon_marketplace_id)
