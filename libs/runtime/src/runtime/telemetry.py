"""What a service tells about itself: measurements always, spans where somebody collects them."""

import contextlib
import dataclasses as dc
import importlib
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from runtime.measurements import Measurements
from runtime.tracing import Tracing

_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class ExporterMissingError(Exception):
    """Traces are wanted, but what sends them is not installed."""


@dc.dataclass(frozen=True, slots=True)
class Telemetry:
    """One for each service; nothing of it is global."""

    measurements: Measurements = dc.field(default_factory=Measurements)
    tracing: Tracing = dc.field(default_factory=Tracing)


def exporting(service: str, endpoint: str | None) -> Tracing:
    """Spans to the OTLP collector at `endpoint`; without one no spans at all.

    The exporter reads its other settings (`OTEL_...`, such as headers and the sampler) from the environment by itself.

    Raises:
        ExporterMissingError: the exporter's package is not installed.
    """
    if not endpoint:
        return Tracing()
    try:
        exporter = importlib.import_module(_EXPORTER).OTLPSpanExporter()
    except ModuleNotFoundError:
        raise ExporterMissingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the exporter is missing: "
            "install opentelemetry-exporter-otlp-proto-http, or unset it"
        ) from None
    processor = BatchSpanProcessor(exporter)
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return Tracing(provider.get_tracer("mizan"), lambda: _close(processor, exporter))


def _close(processor: BatchSpanProcessor, exporter: Any) -> None:  # noqa: ANN401 - imported when the program runs
    """Send what is left, once. The exporter ends before the processor, which would retry for half a minute."""
    with contextlib.suppress(TimeoutError):
        processor.force_flush(3000)
    exporter.shutdown()
    processor.shutdown()  # type: ignore[no-untyped-call]  # the SDK leaves it out
