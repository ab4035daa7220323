"""The inventory service: settings, handlers, run."""

import datetime as dt
from pathlib import Path

from runtime.holds import Holds
from runtime.loops import Loop
from runtime.service import Service, run_service
from runtime.settings import load

from inventory.entrypoints.api import reading, writing
from inventory.entrypoints.consumers import STOCK_CHANGES, book_opener, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.rebalance import Rebalance
from inventory.handlers.rebalance_loop import RebalanceLoop
from inventory.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def fill(service: Service, settings: Settings) -> None:
    policy, terms = settings.policy(), settings.terms()
    longest = dt.timedelta(seconds=settings.watermark_hold_max_seconds)
    holds = Holds(channel_of_change, [STOCK_CHANGES], longest)
    service.consume(*routes(policy, holds, terms), holds=holds)
    service.serve(reading(service.engine))
    service.serve(writing(service.worker, policy, terms))
    if terms:
        rounds = RebalanceLoop(service.worker, book_opener(policy, terms), Rebalance(policy, terms))
        service.repeat(Loop("rebalance", rounds.step))


def main() -> None:
    run_service("inventory", load(Settings), fill, migrations=MIGRATIONS)
