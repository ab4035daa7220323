import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fidelity.models import Operation, read_models
from fidelity.records import Recording
from fidelity.scenes import play

MODELS = Path(__file__).parent / "models"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recorded() -> Recording:
    """What goes over the wire between the connector and its sandbox."""
    return await play()


@pytest.fixture
def operations() -> list[Operation]:
    """Those of the small model, which stands in for Amazon's."""
    return read_models(MODELS)


@pytest.fixture
def model() -> dict[str, Any]:
    """The small model as a document that a test may change."""
    document: dict[str, Any] = json.loads((MODELS / "small.json").read_text(encoding="utf-8"))
    return document
