"""Plugging fees into a connector: a loop that asks for estimates, and a route that shows them."""

import datetime as dt

from runtime.loops import Loop
from runtime.service import Service

from connector_sdk.fees.reader import FeeReader
from connector_sdk.fees.routes import FeeRoutes
from connector_sdk.leader import Leader
from connector_sdk.marketplace import Marketplace
from connector_sdk.settings import ConnectorSettings
from connector_sdk.token_bucket import TokenBucket


def plug_in_fees(
    service: Service, settings: ConnectorSettings, channel: str, marketplace: Marketplace, leader: Leader
) -> None:
    """Where the channel's API estimates none, only say so."""
    can_estimate = marketplace.capabilities().fees
    service.serve(FeeRoutes(channel, service.worker, can_estimate=can_estimate).router())
    if can_estimate:
        bucket = TokenBucket(settings.fee_rate_per_second, 1)
        refresh = dt.timedelta(seconds=settings.fees_seconds)
        reader = FeeReader(marketplace, service.worker, leader, bucket, refresh)
        service.repeat(Loop("fees", reader.step, stale_after=400.0))
