"""The fields of the Feeds API's JSON that we read."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class DocumentAnswer(_Wire):
    """Of createFeedDocument and getFeedDocument; the address is good for five minutes."""

    feed_document_id: str
    url: str
    compression_algorithm: str | None = None


class CreateAnswer(_Wire):
    feed_id: str


class FeedWire(_Wire):
    feed_id: str
    processing_status: str
    result_feed_document_id: str | None = None


class FeedsAnswer(_Wire):
    feeds: tuple[FeedWire, ...] = ()
    next_token: str | None = None


class ReportIssueWire(_Wire):
    """`message_id` and `sku` are absent where the issue is the whole feed's."""

    message_id: int | None = None
    sku: str | None = None
    code: str | None = None
    severity: str = "ERROR"
    message: str = ""


class SummaryWire(_Wire):
    messages_processed: int = Field(ge=0)
    messages_accepted: int = Field(ge=0)
    messages_invalid: int = Field(ge=0)


class ReportWire(_Wire):
    """The processing report of a JSON_LISTINGS_FEED, version 2."""

    issues: tuple[ReportIssueWire, ...] = ()
    summary: SummaryWire
