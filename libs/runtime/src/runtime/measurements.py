"""What a service has counted and seen: its own Prometheus registry, filled through the list of metrics."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from runtime.metrics import Kind, Metric

Label = tuple[str, str]
Series = tuple[Metric, tuple[Label, ...]]
"""A metric with its labels, by name."""

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Measurements:
    """A metric appears with its first value. Labels must be those that the metric declares.

    Raises:
        ValueError: from every method, when the labels are others.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._metrics: dict[Metric, Any] = {}
        self._children: dict[Series, Any] = {}

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        self._child(metric, labels).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        self._child(metric, labels).set(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        self._child(metric, labels).observe(value)

    def value(self, metric: Metric, suffix: str = "", **labels: str) -> float | None:
        """What is shown for one series, None if it is not; `suffix` for a histogram's `_count` or `_sum`."""
        return self.registry.get_sample_value(metric.name + suffix, labels)

    def page(self) -> bytes:
        """All of it in Prometheus' text format.

        The client adds a `_created` gauge to every series, which nothing reads and only a global switch would stop.
        """
        lines = generate_latest(self.registry).splitlines(keepends=True)
        return b"".join(line for line in lines if b"_created" not in line.partition(b"{")[0])

    def _child(self, metric: Metric, labels: Mapping[str, str]) -> Any:  # noqa: ANN401 - one of three kinds
        series = (metric, tuple(labels.items()))
        child = self._children.get(series)
        if child is None:
            if metric not in self._metrics:
                self._metrics[metric] = _create(metric, self.registry)
            whole = self._metrics[metric]
            child = self._children[series] = whole.labels(**labels) if metric.labels or labels else whole
        return child


def _create(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if metric.kind is Kind.COUNTER:
        return Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind is Kind.GAUGE:
        return Gauge(metric.name, metric.help, metric.labels, registry=registry)
    return Histogram(metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)
