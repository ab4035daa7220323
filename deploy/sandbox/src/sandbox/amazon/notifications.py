"""Notifications of type ORDER_CHANGE, sent to the SQS queue of the seller as Amazon does: once or more, in no order."""

import asyncio
import heapq
import json
import sys
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.amazon.record import Record
from sandbox.amazon.settings import MARKETPLACE_ID, AmazonSettings
from sandbox.clock import iso
from sandbox.faults import Faults
from sandbox.store import Order, Status

APPLICATION_ID = "amzn1.sp.solution.sandbox"
SUBSCRIPTION_ID = "7a0c9a3c-2f1e-4e8e-9a53-5d1f0b1c2d3e"

_OLD_WORDS = {
    Status.PENDING: "Pending",
    Status.UNSHIPPED: "Unshipped",
    Status.PARTIALLY_SHIPPED: "PartiallyShipped",
    Status.SHIPPED: "Shipped",
    Status.CANCELLED: "Canceled",
}
"""This message still has the words of the old Orders API."""
_CONFIG = AioConfig(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


class Publisher:
    """Sends a notification of each change of an order, in the order in which they are due."""

    def __init__(
        self, settings: AmazonSettings, faults: Faults, now: Callable[[], datetime], record: Record | None = None
    ) -> None:
        self._settings = settings
        self._faults = faults
        self._now = now
        self._record = record
        self._session = get_session()
        self._waiting: list[tuple[float, str]] = []
        self._sending: asyncio.Task[None] | None = None

    def publish(self, order: Order) -> None:
        """Send what the order looks like now, soon; twice, and late, where the faults say so."""
        body = json.dumps(order_change(order, self._settings.seller_id, self._now()))
        if self._record:
            self._record.notification(body)
        loop = asyncio.get_running_loop()
        for _ in range(self._faults.repeats()):
            heapq.heappush(self._waiting, (loop.time() + self._faults.lateness(), body))
        if self._sending is None or self._sending.done():
            self._sending = loop.create_task(self._send_all(), name="send-notifications")

    async def finish(self) -> None:
        """Wait until all is sent."""
        if self._sending is not None:
            await self._sending

    async def _send_all(self) -> None:
        """Open the queue for as long as there is anything to send; nothing outlives that."""
        try:
            while self._waiting:  # more may come while the queue is closed
                async with self._session.create_client(
                    "sqs", region_name=self._settings.sqs_region, config=_CONFIG
                ) as client:
                    await self._send_waiting(client)
        except (ClientError, BotoCoreError, aiohttp.ClientError, OSError) as error:
            lost = 1 + len(self._waiting)
            self._waiting.clear()
            sys.stderr.write(
                f"sandbox.amazon: SQS can't be used, notifications lost: {lost} ({type(error).__name__})\n"
            )

    async def _send_waiting(self, client: Any) -> None:  # noqa: ANN401 - aiobotocore is untyped
        while self._waiting:
            due, body = heapq.heappop(self._waiting)
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            await client.send_message(QueueUrl=self._settings.sqs_queue_url, MessageBody=body)


def order_change(order: Order, seller_id: str, now: datetime) -> dict[str, object]:
    """The notification in Amazon's form. What a buyer lives at is not known here, so the postal code is null."""
    return {
        "NotificationVersion": "1.0",
        "NotificationType": "ORDER_CHANGE",
        "PayloadVersion": "1.0",
        "EventTime": iso(now),
        "Payload": {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": seller_id,
                "AmazonOrderId": order.external_order_id,
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {"TimeOfOrderChange": iso(order.updated_at), "ChangeReason": "Status Change"},
                "Summary": _summary(order),
            }
        },
        "NotificationMetadata": {
            "ApplicationId": APPLICATION_ID,
            "SubscriptionId": SUBSCRIPTION_ID,
            "PublishTime": iso(now),
            "NotificationId": str(uuid.uuid4()),
        },
    }


def _summary(order: Order) -> dict[str, object]:
    item = {
        "OrderItemId": order.external_order_id.replace("-", "")[3:],
        "SellerSKU": order.external_sku,
        "SupplySourceId": None,
        "OrderItemStatus": "Shipped" if order.open == 0 and order.shipped else "Unshipped",
        "Quantity": order.quantity,
        "QuantityShipped": order.shipped,
    }
    return {
        "MarketplaceId": MARKETPLACE_ID,
        "OrderStatus": _OLD_WORDS[order.status],
        "PurchaseDate": iso(order.placed_at),
        "DestinationPostalCode": None,
        "FulfillmentType": "MFN",
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": order.shipped,
        "NumberOfItemsUnshipped": order.open,
        "OrderItems": [item],
    }
