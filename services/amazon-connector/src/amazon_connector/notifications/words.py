"""What a message of the queue says: pure functions.

A message holds a notification as Amazon wrote it, or an event of EventBridge that has it as its `detail`. Some types
spell their fields in camel case and some in Pascal case, so the first letter does not count.
"""

import datetime as dt
import json
from typing import Annotated, Any

from connector_sdk.notifications.notification_queue import Notification, Topic
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

ORDER_CHANGE = "ORDER_CHANGE"
FEED_PROCESSING_FINISHED = "FEED_PROCESSING_FINISHED"
REPORT_PROCESSING_FINISHED = "REPORT_PROCESSING_FINISHED"
QUANTITY_CHANGE = "LISTINGS_ITEM_MFN_QUANTITY_CHANGE"
_SHIPPED_BY_MERCHANT = "MFN"
_DEEPEST = 12


_Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


_MOMENT: TypeAdapter[dt.datetime] = TypeAdapter(AwareDatetime)
_EARLIEST, _LATEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(3000, 1, 1, tzinfo=dt.UTC)


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class _Metadata(_Wire):
    notification_id: _Id


class _Envelope(_Wire):
    notification_type: str = Field(min_length=1, max_length=100)
    notification_metadata: _Metadata
    payload: dict[str, Any]


class _Summary(_Wire):
    marketplace_id: str
    fulfillment_type: str
    purchase_date: object = None


class _OrderChange(_Wire):
    seller_id: str
    amazon_order_id: _Id
    summary: _Summary


class _OrderPayload(_Wire):
    order_change_notification: _OrderChange


class _Feed(_Wire):
    feed_id: _Id
    seller_id: str | None = None


class _FeedPayload(_Wire):
    feed_processing_finished_notification: _Feed


class _Report(_Wire):
    report_id: _Id
    seller_id: str | None = None


class _ReportPayload(_Wire):
    report_processing_finished_notification: _Report


class _QuantityPayload(_Wire):
    seller_id: str
    fulfillment_channel_code: str
    sku: _Id


class Reader:
    """Reads messages for one seller on one marketplace."""

    def __init__(self, seller_id: str, marketplace_id: str) -> None:
        self._seller_id = seller_id
        self._marketplace_id = marketplace_id

    def read(self, body: str, receipt: str) -> Notification:
        """Understand a message.

        Raises:
            ValueError: it is none that Amazon describes; the reason names fields but never what they hold.
        """
        try:
            envelope = _Envelope.model_validate(_notification_in(body))
            topic, subject, placed_at = self._subject(envelope)
        except ValidationError as error:
            raise ValueError(_reason(error)) from None
        return Notification(envelope.notification_metadata.notification_id, receipt, topic, subject, placed_at)

    def _subject(self, envelope: _Envelope) -> tuple[Topic, str, dt.datetime | None]:
        payload = envelope.payload
        if envelope.notification_type == ORDER_CHANGE:
            return self._order(_OrderPayload.model_validate(payload).order_change_notification)
        if envelope.notification_type == FEED_PROCESSING_FINISHED:
            feed = _FeedPayload.model_validate(payload).feed_processing_finished_notification
            return self._ours(Topic.FEED, is_ours=feed.seller_id in (None, self._seller_id)), feed.feed_id, None
        if envelope.notification_type == REPORT_PROCESSING_FINISHED:
            report = _ReportPayload.model_validate(payload).report_processing_finished_notification
            is_ours = report.seller_id in (None, self._seller_id)
            return self._ours(Topic.REPORT, is_ours=is_ours), report.report_id, None
        if envelope.notification_type == QUANTITY_CHANGE:
            change = _QuantityPayload.model_validate(payload)
            is_ours = (change.seller_id, change.fulfillment_channel_code) == (self._seller_id, "DEFAULT")
            return self._ours(Topic.LISTING, is_ours=is_ours), change.sku, None
        return Topic.OTHER, "", None

    def _order(self, order: _OrderChange) -> tuple[Topic, str, dt.datetime | None]:
        told = (order.seller_id, order.summary.marketplace_id, order.summary.fulfillment_type)
        is_ours = told == (self._seller_id, self._marketplace_id, _SHIPPED_BY_MERCHANT)
        return self._ours(Topic.ORDER, is_ours=is_ours), order.amazon_order_id, _moment(order.summary.purchase_date)

    def _ours(self, topic: Topic, *, is_ours: bool) -> Topic:
        return topic if is_ours else Topic.OTHER


def _moment(told: object) -> dt.datetime | None:
    """When an order was placed. None where that makes no sense: the order is fetched all the same."""
    try:
        moment = _MOMENT.validate_python(told)
    except ValidationError:
        return None
    return moment if _EARLIEST <= moment <= _LATEST else None


def _notification_in(body: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(told, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - what is wrong is the text, not a type of ours
    return _with_small_initials(told["detail"] if isinstance(told.get("detail"), dict) else told, _DEEPEST)


def _with_small_initials(value: Any, deepest: int) -> Any:  # noqa: ANN401 - any JSON
    """The same with every field's first letter small. What lies deeper than we read is left as it is."""
    if deepest and isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _with_small_initials(each, deepest - 1) for name, each in value.items()}
    return value


def _reason(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems[:3])[:500]
