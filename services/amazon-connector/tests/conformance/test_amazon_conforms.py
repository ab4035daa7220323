import pytest
from connector_sdk.conformance.rig import Rig, Subject
from connector_sdk.conformance.suite import BEHAVIOURS
from connector_sdk.testing.database import ConnectorDatabase

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_amazon_conforms(behaviour: str, subject: Subject, bench: ConnectorDatabase) -> None:
    async with Rig(subject, bench) as rig:
        await BEHAVIOURS[behaviour](rig)
