"""Plugging attempts into a connector: a route that shows them, and a loop that deletes the old ones."""

import datetime as dt

from runtime.loops import Loop
from runtime.service import Service

from connector_sdk.attempts.retention import Retention
from connector_sdk.attempts.routes import AttemptRoutes
from connector_sdk.leader import Leader
from connector_sdk.settings import ConnectorSettings


def plug_in_attempts(service: Service, settings: ConnectorSettings, channel: str, leader: Leader) -> None:
    service.serve(AttemptRoutes(channel, service.worker).router())
    retention = Retention(service.worker, leader, dt.timedelta(days=settings.attempts_kept_days))
    service.repeat(Loop("retention", retention.step, stale_after=300.0))
