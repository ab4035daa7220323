"""Writing to the outbox: in the caller's transaction, so a record is sent exactly when the work is kept."""

import dataclasses as dc
import json
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.slots import partition_for, slot_of

_INSERT = text("""
insert into outbox (slot, topic, partition, key, value, headers)
select * from unnest(
    cast(:slots as int[]), cast(:topics as text[]), cast(:partitions as int[]),
    cast(:keys as bytea[]), cast(:values as bytea[]), cast(:headers as jsonb[]))
""")
_NOTIFY = text("select pg_notify(:channel, '')")


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes the relay of `schema`."""
    return f"outbox_{schema}"


@dc.dataclass(frozen=True, slots=True)
class OutboxRow:
    """A record to be sent. Without a key the partition must be given."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = dc.field(default_factory=dict)
    partition: int | None = None


class Outbox:
    """The outbox of one service.

    Order is kept per destination partition by row id. So whoever writes rows of one key in concurrent transactions
    must hold that key's row lock before it writes here: ids are taken at the insert, not at the commit.
    """

    def __init__(self, schema: str, partitions: Mapping[str, int]) -> None:
        """`partitions` is the number of partitions of every topic that may be written to, by name."""
        self._channel = channel(schema)
        self.partitions = partitions

    async def add(self, connection: AsyncConnection, rows: Sequence[OutboxRow]) -> None:
        """Insert `rows` in their order and wake the relay when the caller's transaction commits.

        Raises:
            KeyError: a topic is not in the table of topics.
        """
        if not rows:
            return
        placed = [self._partition(row) for row in rows]
        await connection.execute(
            _INSERT,
            {
                "slots": [slot_of(row.topic, partition) for row, partition in zip(rows, placed, strict=True)],
                "topics": [row.topic for row in rows],
                "partitions": placed,
                "keys": [row.key for row in rows],
                "values": [row.value for row in rows],
                "headers": [_stored(row.headers) for row in rows],
            },
        )
        await connection.execute(_NOTIFY, {"channel": self._channel})

    def _partition(self, row: OutboxRow) -> int:
        if row.partition is not None:
            return row.partition
        count = self.partitions[row.topic]
        return partition_for(row.key, count) if row.key is not None else 0


def _stored(headers: Mapping[str, str]) -> str:
    """Headers as JSON that Postgres takes: its text holds no NUL, and a dead letter's headers may quote anything."""
    return json.dumps({_without_nul(name): _without_nul(value) for name, value in headers.items()})


def kafka_headers(stored: str) -> list[tuple[str, bytes]]:
    """What a row's `headers` are in Kafka."""
    return [(name, value.encode()) for name, value in json.loads(stored).items()]


def _without_nul(words: str) -> str:
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}")
