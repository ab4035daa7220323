"""The Noon connector, put together."""

import datetime as dt
from pathlib import Path

import httpx
from connector_sdk.account import Account
from connector_sdk.connector import plug_in
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.http import build_client
from runtime.service import Service, run_service
from runtime.settings import load

from noon_connector.auth import Keys, Signer
from noon_connector.client import USER_AGENT, NoonClient
from noon_connector.mapping import CHANNEL
from noon_connector.marketplace import NoonMarketplace
from noon_connector.settings import CREDENTIALS, Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    run_service("noon-connector", load(Settings), fill, migrations=MIGRATIONS)


def fill(service: Service, settings: Settings) -> None:
    account = Account(CHANNEL, settings.noon_dialect, CREDENTIALS)
    credentials = settings.credentials
    http = build_client(settings.noon_api_url, USER_AGENT, connections=settings.push_concurrency + 4)
    plug_in(service, settings, account, build_marketplace(settings, http, credentials), credentials)


def build_marketplace(
    settings: Settings, http: httpx.AsyncClient, credentials: Credentials | None = None
) -> NoonMarketplace:
    known = credentials or settings.credentials
    signer = Signer(lambda: Keys.of(known))
    visibility = dt.timedelta(seconds=settings.noon_order_visibility_seconds)
    return NoonMarketplace(NoonClient(http, signer), order_visibility=visibility)
