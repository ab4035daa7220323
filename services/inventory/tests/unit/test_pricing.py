"""The price of a channel leaves the seller what he asks for, and no lower price does."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.pricing import (
    CENT,
    Fees,
    ImpossiblePriceError,
    PriceRule,
    Rounding,
    channel_price,
)

_ROUNDINGS = [
    Rounding(),
    Rounding(Decimal("0.05")),
    Rounding(Decimal(1)),
    Rounding(Decimal(1), Decimal("0.99")),
    Rounding(Decimal(10), Decimal("9.99")),
]
_nets = st.decimals(0, 100_000, places=2)
_rules = st.builds(
    PriceRule,
    fees=st.builds(Fees, st.decimals(0, 60, places=2), st.decimals(0, 100, places=2)),
    rounding=st.sampled_from(_ROUNDINGS),
    vat_percent=st.none() | st.decimals(0, 25, places=2),
)


def test_fifteen_percent_of_the_price_goes_to_the_channel() -> None:
    found = channel_price(Decimal("850.00"), PriceRule())
    assert (found.price, found.fee, found.net) == (Decimal("1000.00"), Decimal("150.00"), Decimal("850.00"))


def test_the_tax_that_the_price_includes_is_not_the_sellers() -> None:
    found = channel_price(Decimal(100), PriceRule(Fees(Decimal(0)), vat_percent=Decimal(14)))
    assert (found.price, found.vat) == (Decimal("114.00"), Decimal("14.00"))


def test_the_price_goes_up_to_the_next_ending() -> None:
    found = channel_price(Decimal("850.00"), PriceRule(rounding=Rounding(Decimal(1), Decimal("0.99"))))
    assert found.price == Decimal("1000.99")


def test_a_floor_raises_the_price() -> None:
    assert channel_price(Decimal(10), PriceRule(floor=Decimal(50))).price == Decimal("50.00")


def test_a_ceiling_below_what_is_asked_for_is_told() -> None:
    found = channel_price(Decimal(100), PriceRule(ceiling=Decimal(100)))
    assert (found.price, found.net, found.is_short) == (Decimal(100), Decimal("85.00"), True)


def test_fees_that_take_everything_are_refused() -> None:
    with pytest.raises(ImpossiblePriceError, match="leave nothing of any price"):
        channel_price(Decimal(1), PriceRule(Fees(Decimal(100))))


def test_ten_thousand_random_fees_and_roundings_leave_what_was_asked_for() -> None:
    chance = random.Random(4)  # noqa: S311 - a repeatable test, nothing secret
    for _ in range(10_000):
        fees = Fees(Decimal(chance.randrange(6_000)) * CENT, Decimal(chance.randrange(10_000)) * CENT)
        vat = chance.choice([None, Decimal(chance.randrange(2_500)) * CENT])
        net = Decimal(chance.randrange(10_000_000)) * CENT
        _leaves(net, PriceRule(fees, chance.choice(_ROUNDINGS), vat))


def _leaves(net: Decimal, rule: PriceRule) -> None:
    found = channel_price(net, rule)
    assert found.net >= net
    assert found.price == found.net + found.fee + found.vat
    assert not found.is_short


@given(_nets, _rules)
def test_what_is_left_after_fees_and_tax_is_at_least_what_was_asked_for(net: Decimal, rule: PriceRule) -> None:
    _leaves(net, rule)


@given(_nets, _rules)
def test_no_lower_price_of_the_rounding_leaves_as_much(net: Decimal, rule: PriceRule) -> None:
    found = channel_price(net, rule)
    lower = found.price - rule.rounding.step
    if lower >= rule.rounding.ending:
        cheaper = channel_price(Decimal(0), PriceRule(rule.fees, rule.rounding, rule.vat_percent, floor=lower))
        assert cheaper.price > found.price or cheaper.net < net or found.price - cheaper.price < CENT
