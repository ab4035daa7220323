"""The suite finds what it is made to find. One connector will do: the faults are the same for all."""

import re

import pytest
from connector_sdk.conformance.deviation import DeviationError
from connector_sdk.conformance.faults import FAULTS
from connector_sdk.conformance.rig import Rig, Subject
from connector_sdk.conformance.suite import BEHAVIOURS
from connector_sdk.testing.database import ConnectorDatabase

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("behaviour", "fault"), FAULTS, ids=[": ".join(key) for key in FAULTS])
async def test_it_is_caught(behaviour: str, fault: str, subject: Subject, bench: ConnectorDatabase) -> None:
    planted = FAULTS[behaviour, fault]
    async with Rig(subject, bench, planted, patience=2.0) as rig:
        with pytest.raises(DeviationError, match=re.escape(planted.found)):
            await BEHAVIOURS[behaviour](rig)
