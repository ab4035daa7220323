"""The inventory service: settings, handlers, run."""

import datetime as dt
from pathlib import Path

from runtime.holds import Holds
from runtime.service import Service, run_service
from runtime.settings import load

from inventory.entrypoints.api import reading, writing
from inventory.entrypoints.catalogue_api import catalogue
from inventory.entrypoints.consumers import STOCK_CHANGES, routes
from inventory.entrypoints.listing_import_api import listing_import
from inventory.entrypoints.stock_changes_api import stock_changes, sweeping
from inventory.handlers.note_watermarks import channel_of_change
from inventory.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def fill(service: Service, settings: Settings) -> None:
    policy = settings.policy()
    longest = dt.timedelta(seconds=settings.watermark_hold_max_seconds)
    holds = Holds(channel_of_change, [STOCK_CHANGES], longest)
    service.consume(*routes(policy, holds), holds=holds)
    service.serve(reading(service.engine))
    service.serve(writing(service.worker, policy))
    service.serve(catalogue(service.engine))
    service.serve(listing_import(service.worker, policy))
    service.serve(stock_changes(service.worker, policy.weights))
    service.repeat(sweeping(service.worker))


def main() -> None:
    run_service("inventory", load(Settings), fill, migrations=MIGRATIONS)
