"""The inventory service: settings, handlers, run."""

from pathlib import Path

from runtime.service import Service, run_service
from runtime.settings import load

from inventory.entrypoints.api import reading, writing
from inventory.entrypoints.consumers import routes
from inventory.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def fill(service: Service, settings: Settings) -> None:
    policy = settings.policy()
    service.consume(*routes(policy))
    service.serve(reading(service.engine))
    service.serve(writing(service.worker, policy))


def main() -> None:
    run_service("inventory", load(Settings), fill, migrations=MIGRATIONS)
