"""What a service tells about itself: measurements always, spans where somebody collects them."""

import dataclasses as dc
import functools
import importlib
import threading

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

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
        exporter: SpanExporter = importlib.import_module(_EXPORTER).OTLPSpanExporter()
    except ModuleNotFoundError:
        raise ExporterMissingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the exporter is missing: "
            "install opentelemetry-exporter-otlp-proto-http, or unset it"
        ) from None
    processor = BatchSpanProcessor(exporter)
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return Tracing(provider.get_tracer("mizan"), functools.partial(close, processor, exporter))


def close(processor: BatchSpanProcessor, exporter: SpanExporter, *, seconds: float = 3.0) -> None:
    """Send what is left, for at most so long: the SDK's own end may go on for half a minute."""
    last = threading.Thread(target=processor.force_flush, name="last-spans", daemon=True)
    last.start()
    last.join(seconds)
    exporter.shutdown()
