from collections.abc import AsyncIterator

import pytest
from order_importer.testing.workbench import Workbench


@pytest.fixture
async def workbench(database_url: str) -> AsyncIterator[Workbench]:
    """The importer on a fresh database."""
    bench = await Workbench.create(database_url)
    yield bench
    await bench.engine.dispose()
