from collections.abc import AsyncIterator

import pytest
from contracts import partition_counts
from inventory.main import MIGRATIONS
from inventory.testing.price_desk import PriceDesk
from runtime.database import create_engine
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.testing.clocks import FixedClock
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

SCHEMA = "inventory"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The service's own schema, migrated."""
    engine = create_engine(database_url, SCHEMA)
    await upgrade(engine, SCHEMA, MIGRATIONS)
    yield engine
    await engine.dispose()


@pytest.fixture
def worker(engine: AsyncEngine) -> Worker:
    return Worker(engine, Outbox(SCHEMA, partition_counts()), group=SCHEMA, clock=FixedClock())


@pytest.fixture
async def desk(engine: AsyncEngine) -> AsyncIterator[PriceDesk]:
    async with PriceDesk.running(engine) as desk:
        yield desk
