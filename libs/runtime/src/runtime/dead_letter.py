"""Setting a record aside with its reason, byte for byte."""

import datetime as dt

from contracts import dead_letter as header
from contracts import dead_letter_topic

from runtime.outbox import OutboxRow
from runtime.records import Record


def dead_letter(record: Record, group: str, reason: str, error: str, now: dt.datetime) -> OutboxRow:
    """The outbox row that carries `record` to its dead-letter topic.

    A record that this group had set aside before and that came back keeps the time of its first failure and counts on.
    """
    earlier = record.headers if record.headers.get(header.GROUP) == group else {}
    attempts = earlier.get(header.ATTEMPTS, "0")
    headers = dict(record.headers) | {
        header.REASON: reason,
        header.ERROR: " ".join(error.split())[:500],
        header.ORIGINAL_TOPIC: record.topic,
        header.ORIGINAL_PARTITION: str(record.partition),
        header.ORIGINAL_OFFSET: str(record.offset),
        header.GROUP: group,
        header.FIRST_FAILURE: earlier.get(header.FIRST_FAILURE, now.isoformat()),
        header.LAST_FAILURE: now.isoformat(),
        header.ATTEMPTS: str(int(attempts) + 1 if attempts.isdecimal() else 1),
    }
    return OutboxRow(dead_letter_topic(record.topic, group), record.key, record.value, headers)
