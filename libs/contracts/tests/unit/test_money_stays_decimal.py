"""Money is a decimal string on the wire and a Decimal in memory, never a binary float."""

import json
from decimal import Decimal

import pytest
from contracts import Money
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

amounts = st.decimals(-(10**13), 10**13, places=4)


@settings(deadline=None)
@given(amounts)
def test_every_amount_comes_back_exactly(amount: Decimal) -> None:
    written = Money(amount=amount, currency="EGP").model_dump_json()
    assert json.loads(written) == {"amount": format(amount, "f"), "currency": "EGP"}
    back = Money.model_validate_json(written).amount
    assert type(back) is Decimal
    assert back == amount


@pytest.mark.parametrize("text", ["1499.00", "0.10", "99999999999999.99", "-25.5", "0"])
def test_an_amount_keeps_its_digits(text: str) -> None:
    money = Money.model_validate_json(f'{{"amount": "{text}", "currency": "EGP"}}')
    assert money.amount == Decimal(text)
    assert money.model_dump(mode="json") == {"amount": text, "currency": "EGP"}


@pytest.mark.parametrize("number", ["14.99", "99999999999999.99", "1e2", "0.0", "NaN"])
def test_a_json_number_with_a_fraction_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match="write a decimal number as a string"):
        Money.model_validate_json(f'{{"amount": {number}, "currency": "EGP"}}')


def test_a_float_is_refused_in_code_too() -> None:
    with pytest.raises(ValidationError, match="write a decimal number as a string"):
        Money.model_validate({"amount": 14.99, "currency": "EGP"})


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1.23456", "1" * 19, "1,499.00", "EGP 5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": text, "currency": "EGP"})


@pytest.mark.parametrize("currency", ["", "egp", "EG", "EGPP", "ج.م"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": "1.00", "currency": currency})


def test_an_amount_is_written_without_an_exponent() -> None:
    assert Money(amount=Decimal("1E+3"), currency="EGP").model_dump(mode="json")["amount"] == "1000"
