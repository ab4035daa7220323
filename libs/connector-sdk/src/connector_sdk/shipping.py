"""Plugging shipments into a connector: parcels come in by event, are confirmed in a loop, and can be looked at."""

import dataclasses as dc

from contracts import OrderShipped
from runtime.processor import Route
from runtime.service import Service

from connector_sdk.account import Account
from connector_sdk.closing_loop import ClosingLoop
from connector_sdk.leader import Leader
from connector_sdk.marketplace import Marketplace
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.settings import ConnectorSettings
from connector_sdk.shipment_desire import ShipmentDesire
from connector_sdk.shipment_queue import ShipmentQueue
from connector_sdk.shipment_routes import ShipmentRoutes
from connector_sdk.token_bucket import TokenBucket


def plug_in_shipments(
    service: Service, settings: ConnectorSettings, account: Account, marketplace: Marketplace, leader: Leader
) -> Route:
    """Confirm parcels with a token bucket of their own. The route that takes them in is the caller's to consume."""
    policy = dc.replace(PushPolicy.of(settings), rate=settings.shipment_rate_per_second, burst=settings.shipment_burst)
    bucket = TokenBucket(policy.rate, policy.burst)
    pusher = Pusher(account, ShipmentQueue(account.channel, marketplace, policy), service.worker, leader, bucket)
    shipping = ClosingLoop("shipments", pusher.step, pusher.close, stale_after=60.0)
    leader.on_desire("shipments", shipping.wake)
    service.repeat(shipping)
    service.serve(ShipmentRoutes(account.channel, service.worker).router())
    desire = ShipmentDesire(account.channel, can_confirm=marketplace.capabilities().shipments)
    return Route("order.shipped", OrderShipped, desire.handle)
