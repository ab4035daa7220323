import threading
from collections.abc import Sequence

import pytest
from contracts import StockChanged, StockReason
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode
from runtime.telemetry import ExporterMissingError, close, exporting
from runtime.testing.clocks import FixedClock
from runtime.testing.deliveries import deliver
from runtime.testing.dry_work import dry_work, published
from runtime.testing.spans import RecordedSpans, context_of
from runtime.tracing import (
    MOST_EVENT_SPANS,
    SERVER,
    Tracing,
    current_trace_id,
    current_traceparent,
    read_traceparent,
    write_traceparent,
)

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SALE = StockChanged(sku="A", reason=StockReason.SALE, change_qty=-1, channel="saberstore")


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255))
def test_a_traceparent_is_read_as_it_was_written(trace_id: int, span_id: int, flags: int) -> None:
    header = f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}"
    context = read_traceparent(header)
    assert context is not None
    assert (context.trace_id, context.span_id, context.trace_flags) == (trace_id, span_id, flags)
    assert write_traceparent(context) == header


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        HEADER.upper(),
        HEADER.replace("00-0af", "ff-0af"),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        f"{HEADER}\n",
    ],
)
def test_a_bad_traceparent_is_as_good_as_none(header: str | None) -> None:
    assert read_traceparent(header) is None


def test_a_later_version_of_the_header_is_understood() -> None:
    assert read_traceparent(HEADER.replace("00-", "01-", 1) + "-more") is not None


def test_without_a_tracer_what_came_in_is_passed_on() -> None:
    with Tracing().span("call", SERVER, parent=HEADER) as traceparent:
        assert (traceparent, current_traceparent()) == (HEADER, HEADER)
        assert current_trace_id() == HEADER.split("-")[1]
    assert current_traceparent() is None
    with Tracing().span("call", SERVER, parent=None) as traceparent:
        assert (traceparent, current_traceparent()) == (None, None)
    with Tracing().batch("inventory", 3) as batch:
        assert batch is None


def test_an_event_without_a_trace_begins_its_own() -> None:
    spans = RecordedSpans()
    events = [deliver(SALE, event_id="a").event, deliver(SALE, event_id="b").event]
    with spans.tracing.batch("inventory", 2) as batch:
        assert batch is not None
        started = batch.follow(events)
    trace_ids = {context_of(span).trace_id for span in spans.ended()}
    assert len(trace_ids) == 3, "the batch and each event"
    assert sorted(started) == ["a", "b"]
    [batch_span] = spans.named("process inventory")
    for span in spans.named("handle stock.changed.v1"):
        assert [link.context.span_id for link in span.links] == [context_of(batch_span).span_id]


def test_a_backlog_gets_one_span_for_a_whole_batch() -> None:
    spans = RecordedSpans()
    events = [deliver(SALE, event_id=str(number)).event for number in range(MOST_EVENT_SPANS + 1)]
    work = dry_work(FixedClock()())
    with spans.tracing.batch("inventory", len(events)) as batch:
        assert batch is not None
        work.follow(batch.follow(events))
        work.publish(SALE, cause=events[0])
    [only] = spans.ended()
    [event] = published(work)
    assert event.traceparent == write_traceparent(context_of(only))


def test_a_backlog_keeps_the_trace_that_an_event_brought() -> None:
    work = dry_work(FixedClock()())
    cause = deliver(SALE).event.model_copy(update={"traceparent": HEADER})
    with RecordedSpans().tracing.batch("inventory", MOST_EVENT_SPANS + 1) as batch:
        assert batch is not None
        work.follow(batch.follow([cause]))
        work.publish(SALE, cause=cause)
    assert published(work)[0].traceparent == HEADER


@pytest.mark.parametrize("size", [1, 2])
def test_a_failed_batch_tells_the_kind_of_error_and_not_its_words(size: int) -> None:
    spans = RecordedSpans()

    def fail() -> None:
        with spans.tracing.batch("inventory", size) as batch:
            assert batch is not None
            batch.follow([deliver(SALE).event])
            raise ValueError("Atza|hunter2")

    with pytest.raises(ValueError, match="hunter2"):
        fail()
    assert len(spans.ended()) == size
    for span in spans.ended():
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
        assert "hunter2" not in span.to_json()
    assert current_traceparent() is None


def test_a_collector_without_an_exporter_ends_in_advice() -> None:
    with pytest.raises(ExporterMissingError, match="install opentelemetry-exporter-otlp-proto-http"):
        exporting("inventory", "http://localhost:4318")


def test_without_a_collector_no_span_is_made() -> None:
    with exporting("inventory", None).span("call", SERVER, parent=None) as traceparent:
        assert traceparent is None


class StuckExporter(SpanExporter):
    """A collector that takes nothing until the exporter is told to end."""

    def __init__(self) -> None:
        self.is_over = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        assert spans
        self.is_over.wait()
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self.is_over.set()


def test_a_collector_that_hangs_does_not_hold_up_the_end() -> None:
    exporter = StuckExporter()
    processor = BatchSpanProcessor(exporter)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    provider.get_tracer("test").start_span("left").end()
    close(processor, exporter, seconds=0.01)
    assert exporter.is_over.is_set()
