from collections.abc import Sequence

import pytest
from connector_sdk.listing_reads import ListingReads
from connector_sdk.marketplace import MarketplaceError, Outcome, Reading
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from runtime.telemetry import Telemetry


class _Choosy(FakeMarketplace):
    """Fails for the listings in `failing`."""

    def __init__(self, failing: dict[str, Outcome]) -> None:
        super().__init__()
        self.shown = {f"X-{n}": n for n in range(5)}
        self._failing = failing

    async def read_listings(self, external_skus: Sequence[str]) -> Sequence[Reading]:
        self.read_error = next(
            (MarketplaceError(self._failing[s], s) for s in external_skus if s in self._failing), None
        )
        return await super().read_listings(external_skus)


def _reads(marketplace: FakeMarketplace) -> ListingReads:
    return ListingReads(marketplace, Telemetry(), rate=1000)


async def test_one_listing_that_can_not_be_read_does_not_hold_up_the_others() -> None:
    readings = await _reads(_Choosy({"X-0": Outcome.UNKNOWN})).read(["X-0", "X-1", "X-2"])

    assert [reading.quantity for reading in readings] == [1, 2]


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.UNAUTHORISED])
async def test_what_concerns_every_listing_ends_the_round(outcome: Outcome) -> None:
    marketplace = _Choosy({"X-1": outcome})
    readings = await _reads(marketplace).read(["X-0", "X-1", "X-2"])

    assert [reading.quantity for reading in readings] == [0]
    assert marketplace.read == ["X-0", "X-1"]


async def test_a_round_that_keeps_failing_ends_early_and_says_so() -> None:
    marketplace = _Choosy({f"X-{n}": Outcome.UNKNOWN for n in range(5)})
    with pytest.raises(MarketplaceError, match="X-1"):
        await _reads(marketplace).read([f"X-{n}" for n in range(5)])

    assert marketplace.read == ["X-0", "X-1"]
