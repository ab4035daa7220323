"""Every metric of every service, declared once; docs/metrics.md is generated from this list.

A label's values are few and known beforehand. A SKU, an order or an event id is never one: a label multiplies series.
"""

import dataclasses as dc
import enum


class Kind(enum.StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Who(enum.StrEnum):
    """Which services show a metric."""

    ALL = "every service"
    CONNECTORS = "connectors"
    INVENTORY = "inventory"


@dc.dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """`buckets` are a histogram's upper bounds."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    who: Who = Who.ALL
    buckets: tuple[float, ...] = ()


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_RECORDS = (1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)

RECORDS_CONSUMED = Metric(
    "mizan_records_consumed_total",
    Kind.COUNTER,
    "Records that were processed to their end, whatever became of them.",
    ("topic",),
)
RECORDS_HANDLED = Metric(
    "mizan_records_handled_total",
    Kind.COUNTER,
    "Records that a handler got; without repeats that the inbox knew and without events that no route wants.",
    ("topic",),
)
RECORDS_DEAD_LETTERED = Metric(
    "mizan_records_dead_lettered_total",
    Kind.COUNTER,
    "Records that were set aside in a dead-letter topic. `topic` is the original one.",
    ("topic", "reason"),
)
BATCH_RECORDS = Metric("mizan_batch_records", Kind.HISTOGRAM, "Records of a processed batch.", buckets=_RECORDS)
BATCH_SECONDS = Metric(
    "mizan_batch_seconds",
    Kind.HISTOGRAM,
    "Seconds from the begin of a batch's transaction to its commit, for batches that were processed.",
    buckets=_SECONDS,
)
BATCH_RETRIES = Metric(
    "mizan_batch_retries_total", Kind.COUNTER, "Batches that failed for a passing reason and are tried again."
)
CONSUMER_LAG = Metric(
    "mizan_consumer_lag_records",
    Kind.GAUGE,
    "Records of this process's partitions that are not committed yet, as of the last fetch from Kafka.",
    ("topic",),
)
OUTBOX_ROWS = Metric("mizan_outbox_rows", Kind.GAUGE, "Rows that wait in the outbox.")
OUTBOX_OLDEST_SECONDS = Metric("mizan_outbox_oldest_seconds", Kind.GAUGE, "Age of the outbox's oldest row; 0 if empty.")
RELAY_ROWS = Metric("mizan_relay_rows_total", Kind.COUNTER, "Outbox rows that Kafka has taken.", ("topic",))
RELAY_INTERRUPTIONS = Metric(
    "mizan_relay_interruptions_total", Kind.COUNTER, "Times that the relay lost Kafka or Postgres and had to reconnect."
)
LOOP_FAILURES = Metric(
    "mizan_loop_failures_total", Kind.COUNTER, "Rounds of a loop that failed for a passing reason.", ("loop",)
)
PART_READY = Metric("mizan_part_ready", Kind.GAUGE, "1 if the part works, else 0; the parts of /readyz.", ("part",))

WATERMARK_HOLDS_EXPIRED = Metric(
    "mizan_watermark_holds_expired_total",
    Kind.COUNTER,
    "Holds on a channel's watermark that ran out before what they stood for was resolved; `any` holds every channel.",
    ("channel",),
)

CALLS = Metric(
    "mizan_marketplace_calls_total",
    Kind.COUNTER,
    "Calls to the marketplace. `outcome` is what the call proved, `mixed` if its lines differ.",
    ("operation", "outcome"),
    Who.CONNECTORS,
)
CALL_SECONDS = Metric(
    "mizan_marketplace_call_seconds",
    Kind.HISTOGRAM,
    "Seconds that a call to the marketplace took.",
    ("operation",),
    Who.CONNECTORS,
    _SECONDS,
)
THROTTLED = Metric(
    "mizan_marketplace_throttled_total",
    Kind.COUNTER,
    "Lines of stock and prices for which the marketplace asked for fewer calls.",
    who=Who.CONNECTORS,
)
PUSH_RATE = Metric(
    "mizan_push_rate",
    Kind.GAUGE,
    "Calls a second that the token bucket allows at present, of stock and prices together.",
    who=Who.CONNECTORS,
)
PUSHES_PENDING = Metric(
    "mizan_pushes_pending",
    Kind.GAUGE,
    "Listings whose newest target is neither accepted nor rejected, quarantined ones included.",
    who=Who.CONNECTORS,
)
PUSHES_OLDEST_SECONDS = Metric(
    "mizan_pushes_oldest_pending_seconds", Kind.GAUGE, "How long the oldest of them waits.", who=Who.CONNECTORS
)
PUSHES_QUARANTINED = Metric(
    "mizan_pushes_quarantined",
    Kind.GAUGE,
    "Listings that kept failing and are tried only now and then.",
    who=Who.CONNECTORS,
)
PRICES_PENDING = Metric(
    "mizan_prices_pending",
    Kind.GAUGE,
    "Listings whose newest price is neither accepted nor rejected, quarantined ones included.",
    who=Who.CONNECTORS,
)
PRICES_FAILED = Metric(
    "mizan_prices_failed", Kind.GAUGE, "Listings whose newest price is rejected or quarantined.", who=Who.CONNECTORS
)
FEEDS = Metric(
    "mizan_feeds_total",
    Kind.COUNTER,
    "Feeds that have ended. Only of a `done`, `fatal`, `lost` or `stuck` one anything can have been applied.",
    ("fate",),
    Who.CONNECTORS,
)
FEED_LINES = Metric(
    "mizan_feed_lines_total",
    Kind.COUNTER,
    "Quantities that went by feed, by what is known of each.",
    ("outcome",),
    Who.CONNECTORS,
)
FEED_LINES_WAITING = Metric(
    "mizan_feed_lines_waiting", Kind.GAUGE, "Quantities in a feed whose fate is not known yet.", who=Who.CONNECTORS
)
FEEDS_DOUBTFUL = Metric(
    "mizan_feeds_doubtful",
    Kind.GAUGE,
    "Feeds that were given up and may still be carried out.",
    who=Who.CONNECTORS,
)
LISTING_REPORTS = Metric(
    "mizan_listing_reports_total",
    Kind.COUNTER,
    "Reports of all listings that have ended. Without a `done` one, listings are looked up a few at a time.",
    ("fate",),
    Who.CONNECTORS,
)
SHIPMENTS_PENDING = Metric(
    "mizan_shipments_pending", Kind.GAUGE, "Parcels whose confirmation has no answer yet.", who=Who.CONNECTORS
)
SHIPMENTS_FAILED = Metric(
    "mizan_shipments_failed", Kind.GAUGE, "Parcels whose confirmation is rejected or quarantined.", who=Who.CONNECTORS
)
CHANNEL_UNAUTHORISED = Metric(
    "mizan_channel_unauthorised",
    Kind.GAUGE,
    "1 while the marketplace refuses our credentials for stock or for orders, else 0.",
    who=Who.CONNECTORS,
)
CHANNEL_PAUSED = Metric(
    "mizan_channel_paused", Kind.GAUGE, "1 while an operator has paused the channel, else 0.", who=Who.CONNECTORS
)
ORDERS_READ = Metric(
    "mizan_orders_read_total",
    Kind.COUNTER,
    "Orders that the marketplace showed, each as often as it was shown.",
    who=Who.CONNECTORS,
)
ORDERS_PUBLISHED = Metric(
    "mizan_orders_published_total",
    Kind.COUNTER,
    "Orders that were published because they said something new.",
    who=Who.CONNECTORS,
)
ORDERS_UNREADABLE = Metric(
    "mizan_orders_unreadable", Kind.GAUGE, "Orders that could not be understood so far.", who=Who.CONNECTORS
)
RECONCILED = Metric(
    "mizan_reconciled_listings",
    Kind.GAUGE,
    "Listings that differ from what was desired, as last found. `cause` says why; set when a comparison ends.",
    ("cause",),
    Who.CONNECTORS,
)
RECONCILED_AT = Metric(
    "mizan_reconciled_timestamp_seconds",
    Kind.GAUGE,
    "When all listings were last compared with what the marketplace shows, in Unix time.",
    who=Who.CONNECTORS,
)

NOTIFICATIONS = Metric(
    "mizan_notifications_total",
    Kind.COUNTER,
    "Notifications of a marketplace's queue. `outcome`: taken, repeated, ignored (not about us) or unusable.",
    ("topic", "outcome"),
    Who.CONNECTORS,
)
NOTIFICATIONS_FAILING = Metric(
    "mizan_notifications_failing",
    Kind.GAUGE,
    "1 while a marketplace's queue can't be read, else 0; orders are then found by searching alone.",
    who=Who.CONNECTORS,
)
NOTIFICATIONS_UNUSABLE = Metric(
    "mizan_notifications_unusable",
    Kind.GAUGE,
    "Notifications that were set aside because nothing could be done about them.",
    who=Who.CONNECTORS,
)
NOTIFIED_ORDERS_WAITING = Metric(
    "mizan_notified_orders_waiting",
    Kind.GAUGE,
    "Orders that notifications told of and that are not fetched yet.",
    who=Who.CONNECTORS,
)
ORDERS_NOT_NOTIFIED = Metric(
    "mizan_orders_not_notified_total",
    Kind.COUNTER,
    "Orders that a search found and that no notification told of in time.",
    who=Who.CONNECTORS,
)
ORDERS_MISSED_BY_SEARCH = Metric(
    "mizan_orders_missed_by_search_total",
    Kind.COUNTER,
    "Orders that a notification told of and that a complete search which covers them did not show.",
    who=Who.CONNECTORS,
)

OVERSOLD_UNITS = Metric(
    "mizan_oversold_units_total",
    Kind.COUNTER,
    "Units by which on hand went below zero. `channel` is the one whose change did it, `none` if it names none.",
    ("channel",),
    Who.INVENTORY,
)
INCIDENTS = Metric(
    "mizan_incidents_total",
    Kind.COUNTER,
    "What went against escrow's rules. `cause` says how, `channel` where, `none` if nowhere in particular.",
    ("channel", "cause"),
    Who.INVENTORY,
)
TARGETS = Metric(
    "mizan_targets_total",
    Kind.COUNTER,
    "Stock targets that were set.",
    ("channel", "urgency"),
    Who.INVENTORY,
)

METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""In the order in which they stand above."""
