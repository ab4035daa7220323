"""The inventory service: settings, handlers, run."""

import datetime as dt
from pathlib import Path

from runtime.holds import Holds
from runtime.loops import Loop
from runtime.service import Service, run_service
from runtime.settings import load

from inventory.adapters.rules import RuleCache
from inventory.domain.demand import GuardRails
from inventory.entrypoints.api import reading, writing
from inventory.entrypoints.consumers import STOCK_CHANGES, routes
from inventory.entrypoints.rules_api import rules_reading, rules_writing
from inventory.handlers.note_watermarks import channel_of_change
from inventory.handlers.weigh_demand import WeighDemand
from inventory.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def fill(service: Service, settings: Settings) -> None:
    policy = settings.policy()
    rules = RuleCache(policy)
    longest = dt.timedelta(seconds=settings.watermark_hold_max_seconds)
    holds = Holds(channel_of_change, [STOCK_CHANGES], longest)
    service.consume(*routes(policy, holds), holds=holds)
    service.serve(reading(service.engine))
    service.serve(writing(service.worker, policy))
    service.serve(rules_reading(service.engine, rules))
    service.serve(rules_writing(service.worker, rules))
    weigh = WeighDemand(service.worker, rules, GuardRails(), every=dt.timedelta(days=1))
    service.repeat(Loop("demand", weigh.step))


def main() -> None:
    run_service("inventory", load(Settings), fill, migrations=MIGRATIONS)
