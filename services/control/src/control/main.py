"""Control, the operators' desk: for now it watches the other services and can send operators' requests."""

import ssl
from pathlib import Path

from runtime.service import Service, run_service
from runtime.settings import load

from control.dead_letters.resolved import resolved_router
from control.probes import service_probe
from control.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def fill(service: Service, settings: Settings) -> None:
    """Put the service together."""
    service.send()
    service.serve(resolved_router(service.worker))
    trust = ssl.create_default_context()
    for address in settings.services:
        service.probe(address.service, service_probe(address, trust))


def main() -> None:
    run_service("control", load(Settings), fill, migrations=MIGRATIONS)
