"""Amazon's offers: what is written of a price, and what is read of one."""

import json
from decimal import Decimal
from typing import Any

import pytest
from amazon_connector.mapping import json_number, shown_price
from amazon_connector.wire import ListingAnswer
from contracts import Money
from hypothesis import given
from hypothesis import strategies as st

EGYPT = "ARBP9OOSHTCHU"


@given(st.decimals(min_value=0, max_value=Decimal("9999999999999.99"), places=2))
def test_a_price_is_printed_with_its_own_digits(amount: Decimal) -> None:
    assert json.loads(json.dumps(json_number(amount)), parse_float=Decimal) == amount


def test_digits_that_a_binary_float_can_not_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        json_number(Decimal("99999999999999.9999"))


def listing(*offers: dict[str, Any], **sent: Any) -> ListingAnswer:  # noqa: ANN401 - any JSON
    entry = {"marketplace_id": EGYPT, "currency": "EGP", "audience": "ALL", **sent}
    return ListingAnswer.model_validate({"sku": "A", "offers": offers, "attributes": {"purchasable_offer": [entry]}})


def offer(amount: str, offer_type: str = "B2C", marketplace: str = EGYPT) -> dict[str, Any]:
    return {
        "marketplaceId": marketplace,
        "offerType": offer_type,
        "price": {"amount": amount, "currencyCode": "EGP"},
    }


def test_the_price_is_what_consumers_pay_on_this_marketplace() -> None:
    answer = listing(offer("90.00", "B2B"), offer("80.00", marketplace="A2VIGQ35RCS4UG"), offer("100.00"))
    assert shown_price(answer, EGYPT) == (Money(amount=Decimal(100), currency="EGP"), False)
    assert shown_price(listing(), EGYPT) == (None, False)


def test_a_discount_is_seen_whether_it_is_in_force_or_not() -> None:
    schedule = [{"schedule": [{"value_with_tax": 80, "start_at": "2030-01-01T00:00:00Z"}]}]
    assert shown_price(listing(offer("100.00"), discounted_price=schedule), EGYPT)[1]
    assert not shown_price(listing(offer("100.00"), discounted_price=schedule, audience="B2B"), EGYPT)[1]
