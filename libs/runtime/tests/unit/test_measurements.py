import re

import pytest
from runtime.measurements import Measurements
from runtime.metrics import (
    BATCH_SECONDS,
    METRICS,
    OUTBOX_ROWS,
    RECORDS_CONSUMED,
    RECORDS_DEAD_LETTERED,
    Kind,
)


def test_what_was_measured_is_read_back_and_shown() -> None:
    measurements = Measurements()
    measurements.count(RECORDS_CONSUMED, 3, topic="stock.changed")
    measurements.count(RECORDS_CONSUMED, topic="stock.changed")
    measurements.set(OUTBOX_ROWS, 7)
    measurements.observe(BATCH_SECONDS, 0.02)
    assert measurements.value(RECORDS_CONSUMED, topic="stock.changed") == 4
    assert measurements.value(OUTBOX_ROWS) == 7
    assert measurements.value(BATCH_SECONDS, "_count") == 1
    lines = measurements.page().decode().splitlines()
    assert 'mizan_records_consumed_total{topic="stock.changed"} 4.0' in lines
    assert 'mizan_batch_seconds_bucket{le="0.025"} 1.0' in lines
    assert not [line for line in lines if "_created" in line]


def test_two_services_of_one_process_share_nothing() -> None:
    one, other = Measurements(), Measurements()
    one.set(OUTBOX_ROWS, 1)
    assert other.value(OUTBOX_ROWS) is None
    assert other.page() == b""


@pytest.mark.parametrize("labels", [{}, {"topic": "t"}, {"topic": "t", "sku": "A"}])
def test_labels_that_the_list_does_not_declare_are_refused(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="label"):
        Measurements().count(RECORDS_DEAD_LETTERED, 1, **labels)


def test_names_follow_prometheus_rules_and_labels_stay_few() -> None:
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names)) > 20
    for metric in METRICS:
        assert re.fullmatch(r"mizan_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
        assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
        assert set(metric.labels) <= {
            "topic",
            "reason",
            "loop",
            "part",
            "operation",
            "fate",
            "outcome",
            "channel",
            "urgency",
            "cause",
        }
        assert metric.help.endswith(".")
