"""The inventory service: settings, handlers, run."""

import datetime as dt
from pathlib import Path

from runtime.holds import Holds
from runtime.holds_api import holds_router
from runtime.loops import Loop
from runtime.service import Service, run_service
from runtime.settings import load

from inventory.adapters.rules import RuleCache
from inventory.entrypoints.api import explaining, reading, writing
from inventory.entrypoints.catalogue_api import catalogue
from inventory.entrypoints.consumers import STOCK_CHANGES, book_opener, routes
from inventory.entrypoints.listing_import_api import listing_import
from inventory.entrypoints.loops import add_loops
from inventory.entrypoints.prices_api import add_prices
from inventory.entrypoints.reservations_api import reservations_router
from inventory.entrypoints.rules_api import rules_reading, rules_writing
from inventory.entrypoints.stock_changes_api import stock_changes, sweeping
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.reservation_loop import ReservationLoop
from inventory.handlers.reserve import reserving
from inventory.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def fill(service: Service, settings: Settings) -> None:
    policy, terms = settings.policy(), settings.terms()
    rules = RuleCache(policy)
    open_book = book_opener(policy, terms, rules)
    holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(seconds=settings.watermark_hold_max_seconds))
    service.consume(*routes(policy, holds, terms, rules), holds=holds)
    service.serve(reading(service.engine))
    service.serve(holds_router(service.engine))
    service.serve(writing(service.worker, policy, terms, rules))
    service.serve(explaining(service.worker, rules, open_book))
    service.serve(catalogue(service.engine))
    service.serve(listing_import(service.worker, policy, open_book, terms))
    service.serve(stock_changes(service.worker, policy.weights))
    service.repeat(sweeping(service.worker))
    service.serve(rules_reading(service.engine, rules))
    service.serve(rules_writing(service.worker, rules))
    reserve = reserving(open_book, terms)
    service.serve(reservations_router(service.worker, reserve))
    if reserve:
        service.repeat(Loop("reservations", ReservationLoop(service.worker, reserve, settings.grace()).step))
    add_loops(service, open_book, rules, terms)
    add_prices(service, settings.price_defaults(), policy.weights)


def main() -> None:
    run_service("inventory", load(Settings), fill, migrations=MIGRATIONS)
