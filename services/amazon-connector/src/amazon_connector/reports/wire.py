"""The fields of the Reports API's JSON that we read."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class CreateAnswer(_Wire):
    report_id: str


class ReportWire(_Wire):
    processing_status: str
    report_document_id: str | None = None


class DocumentAnswer(_Wire):
    """Of getReportDocument; the address is good for five minutes."""

    url: str
    compression_algorithm: str | None = None
