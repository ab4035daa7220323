"""Spans, and the `traceparent` that ties them into one trace from the storefront's event to the marketplace's call.

Without a tracer no span is made and what came in is passed on. FastStream's middlewares are not used: they cost more
for each message than handling it in a batch does.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from contracts import AnyEvent
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, Tracer

MOST_EVENT_SPANS = 50
"""A larger batch is a backlog being worked off: one span for all of it, so that tracing never slows the catching up."""

_MOST_LINKS = 128
"""The SDK's own limit; what is beyond it is dropped, after it has cost its time."""
CLIENT, SERVER = SpanKind.CLIENT, SpanKind.SERVER

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NO_PARENT = Context()


class BatchTrace:
    """The span of a batch and those of its events; a batch of one record has only the event's."""

    def __init__(self, tracer: Tracer, span: Span | None, size: int) -> None:
        self._tracer = tracer
        self._span = span
        self._has_event_spans = size <= MOST_EVENT_SPANS
        self._free_links = _MOST_LINKS
        self._spans: list[Span] = []
        self._around = contextlib.ExitStack()

    def follow(self, events: Sequence[AnyEvent]) -> dict[str, str]:
        """Begin a span for each event, in the event's own trace. Returns their traceparents by event id."""
        started = {}
        for event in events:
            cause = read_traceparent(event.traceparent)
            if cause is not None and self._span is not None and self._free_links > 0:
                self._free_links -= 1
                self._span.add_link(cause)
            if self._has_event_spans:
                span = self._start(event, cause)
                self._spans.append(span)
                started[event.id] = write_traceparent(span.get_span_context())
        return started

    def end(self, error: BaseException | None) -> None:
        self._around.close()
        for span in self._spans:
            _end(span, error)

    def _start(self, event: AnyEvent, cause: SpanContext | None) -> Span:
        span = self._tracer.start_span(
            f"handle {event.type}",
            context=_as_parent(cause) if cause else _NO_PARENT,
            kind=SpanKind.CONSUMER,
            attributes={"messaging.message.id": event.id, "mizan.subject": event.subject or ""},
            links=(Link(self._span.get_span_context()),) if self._span else (),
        )
        if self._span is None:
            self._around.enter_context(_current(span))
        return span


class Tracing:
    """The spans of one service. Without a tracer it only passes on what it is given."""

    def __init__(self, tracer: Tracer | None = None, close: Callable[[], None] = lambda: None) -> None:
        """`close` sends what is left; it may block."""
        self._tracer = tracer
        self.close = close

    @contextlib.contextmanager
    def span(
        self,
        name: str,
        kind: SpanKind,
        *,
        parent: str | None,
        others: Iterable[str | None] = (),
        attributes: Mapping[str, str | int] | None = None,
    ) -> Iterator[str | None]:
        """Be in a span below `parent`, or in a new trace without one. Yields the traceparent for what it causes.

        `others` are the traceparents of further causes: they are linked.
        """
        cause = read_traceparent(parent)
        if self._tracer is None:
            with trace.use_span(NonRecordingSpan(cause)) if cause else contextlib.nullcontext():
                yield parent
            return
        context = _as_parent(cause) if cause else _NO_PARENT
        links = [Link(other) for header in others if (other := read_traceparent(header))]
        span = self._tracer.start_span(name, context=context, kind=kind, attributes=attributes, links=links)
        with _inside(span):
            yield write_traceparent(span.get_span_context())

    @contextlib.contextmanager
    def batch(self, group: str, size: int) -> Iterator[BatchTrace | None]:
        """Be in the span of a batch of `size` records; None without a tracer."""
        if self._tracer is None:
            yield None
            return
        if size == 1:
            with _ending(BatchTrace(self._tracer, None, size)) as only:
                yield only
            return
        attributes: dict[str, str | int] = {"messaging.system": "kafka", "messaging.batch.message_count": size}
        span = self._tracer.start_span(f"process {group}", context=_NO_PARENT, attributes=attributes)
        with _inside(span), _ending(BatchTrace(self._tracer, span, size)) as batch:
            yield batch


def current_traceparent() -> str | None:
    """That of the span in which this runs."""
    context = trace.get_current_span().get_span_context()
    return write_traceparent(context) if context.is_valid else None


def current_trace_id() -> str | None:
    """32 hexadecimal digits."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def note(key: str, value: str) -> None:
    """Add an attribute to the span in which this runs."""
    trace.get_current_span().set_attribute(key, value)


def read_traceparent(header: str | None) -> SpanContext | None:
    """The span that a `traceparent` names; None if there is none, or one that W3C Trace Context does not allow."""
    match = _TRACEPARENT.fullmatch(header) if header else None
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None


def write_traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _as_parent(cause: SpanContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(cause), _NO_PARENT)


def _current(span: Span) -> contextlib.AbstractContextManager[Span]:
    return trace.use_span(span, record_exception=False, set_status_on_exception=False)


@contextlib.contextmanager
def _ending(batch: BatchTrace) -> Iterator[BatchTrace]:
    try:
        yield batch
    except BaseException as error:
        batch.end(error)
        raise
    batch.end(None)


@contextlib.contextmanager
def _inside(span: Span) -> Iterator[None]:
    with _current(span):
        try:
            yield
        except BaseException as error:
            _end(span, error)
            raise
        _end(span, None)


def _end(span: Span, error: BaseException | None) -> None:
    """Of an error only its kind is told: its message may quote what must not leave the service."""
    if error is not None:
        span.set_status(StatusCode.ERROR, type(error).__name__)
    span.end()
