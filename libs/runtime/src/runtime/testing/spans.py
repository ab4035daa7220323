"""Spans kept in memory."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from runtime.tracing import Tracing


class RecordedSpans:
    """`tracing` is for the service under test."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Tracing(provider.get_tracer("test"))

    def ended(self) -> Sequence[ReadableSpan]:
        """In the order in which they ended."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.ended() if span.name == name]

    def clear(self) -> None:
        self._exporter.clear()


def context_of(span: ReadableSpan) -> SpanContext:
    """The span's own context, which every recorded span has."""
    context: SpanContext | None = span.context
    assert context is not None  # noqa: S101 - for the type checker: the SDK lets a span without one be built
    return context
