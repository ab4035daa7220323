"""An SQS queue as the connector SDK's port of notifications."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.marketplace import MarketplaceError
from connector_sdk.notifications.notification_queue import Batch, Notification, QueueError, UnreadableMessage

from amazon_connector.auth import seller_of
from amazon_connector.notifications.words import Reader
from amazon_connector.settings import Settings

_BATCH = 10
"""The most that SQS hands out or deletes in one call."""
_WAIT_SECONDS = 20
_VISIBILITY_SECONDS = 60
_CONFIG = AioConfig(connect_timeout=5, read_timeout=_WAIT_SECONDS + 10, retries={"total_max_attempts": 1})
_REFUSED = ("AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "UnrecognizedClient")
_CREDENTIALS = (
    "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the role) and sqs:ReceiveMessage, sqs:DeleteMessage"
)


class SqsQueue:
    """Credentials come from where AWS's own tools look for them; AWS_ENDPOINT_URL is honoured."""

    def __init__(self, url: str, region: str, reader: Callable[[], Reader]) -> None:
        """`reader` answers with one for the seller that it is now, or raises `MarketplaceError`."""
        self._url = url
        self._region = region
        self._reader = reader
        self._opened = contextlib.AsyncExitStack()
        self._client: Any = None

    async def receive(self) -> Batch:
        try:
            reader = self._reader()
        except MarketplaceError as error:
            raise QueueError(str(error)) from None
        async with self._at_queue() as client:
            answer = await client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_BATCH,
                WaitTimeSeconds=_WAIT_SECONDS,
                VisibilityTimeout=_VISIBILITY_SECONDS,
            )
        notifications: list[Notification] = []
        unreadable: list[UnreadableMessage] = []
        for message in answer.get("Messages", ()):
            receipt, body = message["ReceiptHandle"], message.get("Body", "")
            try:
                notifications.append(reader.read(body, receipt))
            except ValueError as error:
                unreadable.append(UnreadableMessage(message["MessageId"], receipt, str(error), body))
        return Batch(notifications, unreadable)

    async def delete(self, receipts: Sequence[str]) -> int:
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
        async with self._at_queue() as client:
            answer = await client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return len(answer.get("Failed", ()))

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._opened.aclose()

    @contextlib.asynccontextmanager
    async def _at_queue(self) -> AsyncIterator[Any]:
        """The client, opened when it is first needed; new credentials are read after an error."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS + 15):
                if self._client is None:
                    session = get_session()
                    opened = session.create_client("sqs", region_name=self._region, config=_CONFIG)
                    self._client = await self._opened.enter_async_context(opened)
                yield self._client
        except ClientError as error:
            await self.close()
            raise QueueError(_advice(error, self._url)) from None
        except ValueError:
            raise QueueError("no address of SQS can be made of AWS_ENDPOINT_URL and AWS_REGION: correct them") from None
        except (BotoCoreError, aiohttp.ClientError, OSError, TimeoutError) as error:
            await self.close()
            advice = (
                _CREDENTIALS if "Credentials" in type(error).__name__ else "check AMAZON_SQS_QUEUE_URL and the network"
            )
            raise QueueError(f"SQS can't be reached ({type(error).__name__}): {advice}") from None


def _advice(error: ClientError, url: str) -> str:
    """AWS's message may name keys, so only its code is told."""
    code = str(error.response.get("Error", {}).get("Code", "no code"))
    if "NonExistentQueue" in code:
        return f"SQS has no queue {url}: check AMAZON_SQS_QUEUE_URL and AWS_REGION"
    if any(each in code for each in _REFUSED):
        return f"SQS refuses us ({code}): {_CREDENTIALS}"
    return f"SQS answers {code}"


def build_queue(settings: Settings, credentials: Credentials) -> SqsQueue | None:
    """The queue of notifications, where one is configured."""
    if settings.amazon_sqs_queue_url is None:
        return None

    def reader() -> Reader:
        return Reader(seller_of(credentials), settings.amazon_marketplace_id)

    return SqsQueue(settings.amazon_sqs_queue_url, settings.sqs_region, reader)
