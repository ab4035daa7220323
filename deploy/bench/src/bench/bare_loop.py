"""The floor of the ledger: what any consumer of stock changes must do, and nothing else.

It reads the same events, remembers their ids, adds up by SKU with one array upsert and writes one outbox row for each
SKU, in one transaction a batch.
"""

from collections import defaultdict
from collections.abc import Sequence

from contracts import StockChanged, parse
from runtime import inbox
from runtime.outbox import Outbox, OutboxRow
from runtime.records import Record
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

CREATE = "create table bare_stock (sku text primary key, on_hand int not null)"
FILL = "insert into bare_stock select sku, on_hand from products"
_UPSERT = text("""
insert into bare_stock as b (sku, on_hand)
select * from unnest(cast(:skus as text[]), cast(:changes as int[]))
on conflict (sku) do update set on_hand = b.on_hand + excluded.on_hand
""")
_TOPIC = "channel.stock.target"


class BareLoop:
    def __init__(self, engine: AsyncEngine, outbox: Outbox) -> None:
        self._engine = engine
        self._outbox = outbox

    async def process(self, records: Sequence[Record]) -> None:
        events = [parse(record.topic, record.value) for record in records]
        async with self._engine.begin() as connection:
            fresh = await inbox.claim(connection, "stock.changed", [event.id for event in events])
            changes: dict[str, int] = defaultdict(int)
            for event in events:
                if event.id in fresh and isinstance(event.data, StockChanged):
                    changes[event.data.sku] += event.data.change_qty or 0
            skus = sorted(changes)
            await connection.execute(_UPSERT, {"skus": skus, "changes": [changes[sku] for sku in skus]})
            rows = [OutboxRow(_TOPIC, sku.encode(), str(changes[sku]).encode()) for sku in skus]
            await self._outbox.add(connection, rows)
