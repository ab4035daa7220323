"""The most specific rule wins, setting by setting, and the explanation says why."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.price_rules import (
    PRECEDENCE,
    PriceBook,
    PriceDefaults,
    PriceRule,
    PriceSettings,
    problems,
    tidy,
)
from inventory.domain.pricing import CENT, Rounding
from inventory.domain.quotes import Product, quote, text
from inventory.settings import Settings
from pydantic import ValidationError

FIFTEEN = PriceSettings(fee_percent=Decimal(15), rounding=Rounding())
DEFAULTS = PriceDefaults({"amazon": FIFTEEN, "saberstore": PriceSettings(fee_percent=Decimal(0))}, "saberstore")
MUG = Product("MUG", "cups", Decimal(850), "EGP", Decimal("0.14"))
_scopes = [("MUG", None, "amazon"), ("MUG", None, None), (None, "cups", "amazon"), (None, "cups", None),
           (None, None, "amazon"), (None, None, None)]  # fmt: skip


def fee(percent: int) -> PriceSettings:
    return PriceSettings(fee_percent=Decimal(percent))


def rules_of(*places: int) -> list[PriceRule]:
    return [PriceRule(f"rule {place}", fee(place), *_scopes[place]) for place in places]


@given(st.sets(st.sampled_from(range(6)), min_size=1))
def test_the_most_specific_rule_wins_and_those_that_lost_are_named(places: set[int]) -> None:
    reason = PriceBook(DEFAULTS, rules_of(*places)).resolve("MUG", "cups", "amazon")["fee_percent"]
    winner, *losers = sorted(places)
    assert (reason.value, reason.rule, reason.scope) == (winner, f"rule {winner}", PRECEDENCE[winner])
    assert reason.lost == (*((f"rule {place}", place) for place in losers), ("default", 15))


def test_each_setting_has_a_winner_of_its_own() -> None:
    narrow = PriceRule("narrow", PriceSettings(floor=Decimal(5)), sku="MUG")
    wide = PriceRule("wide", PriceSettings(fee_percent=Decimal(10), floor=Decimal(1)), category="cups")
    found = PriceBook(DEFAULTS, [narrow, wide]).resolve("MUG", "cups", "amazon")
    assert {setting: reason.rule for setting, reason in found.items()} == {
        "fee_percent": "wide",
        "floor": "narrow",
        "rounding": "default",
    }


def test_rules_of_others_do_not_matter() -> None:
    others = [PriceRule("sku", fee(1), sku="CUP"), PriceRule("category", fee(2), category="x")]
    others.append(PriceRule("channel", fee(3), channel="noon"))
    assert PriceBook(DEFAULTS, others).resolve("MUG", None, "amazon")["fee_percent"].rule == "default"


def test_the_storefront_charges_the_base_price_unless_a_rule_names_it() -> None:
    book = PriceBook(DEFAULTS, [PriceRule("all", fee(20)), PriceRule("mugs", fee(20), sku="MUG")])
    found = quote(MUG, "saberstore", book)
    assert found.price is not None
    assert found.price.price == Decimal("850.00")
    named = book.changed([PriceRule("here", fee(15), channel="saberstore")])
    assert named.resolve("MUG", None, "saberstore")["fee_percent"].rule == "here"


def test_the_explanation_holds_the_arithmetic_and_the_rule() -> None:
    rule = PriceRule("mugs", PriceSettings(vat_included=True, fee_fixed=Decimal(3)), category="cups")
    found = quote(MUG, "amazon", PriceBook(DEFAULTS, [rule]))
    assert found.price is not None
    price, shown = found.price, found.explanation
    assert price.price == price.net + price.fee + price.vat
    assert price.net >= 850
    assert shown["arithmetic"] == (
        f"{price.price} - fee {price.fee} (15.00 % + 3.00) - VAT {price.vat} = net {price.net}, asked 850.00"
    )
    assert shown["rules"]["vat_included"] == {"value": "true", "rule": "mugs", "scope": "category", "lost": []}
    assert shown["rules"]["rounding"]["value"] == "up to the next multiple of 0.01"


@pytest.mark.parametrize(
    ("product", "sets", "part"),
    [
        (Product("MUG", None, None, None, None), {}, "no base_price"),
        (Product("MUG", None, Decimal(0), "EGP", None), {}, "not above 0"),
        (Product("MUG", None, Decimal(1), "EGP", None), {"vat_included": True}, "no vat_rate"),
        (Product("MUG", None, Decimal(1), "EGP", Decimal(14)), {"vat_included": True}, "14 % is 0.14"),
        (Product("MUG", None, Decimal(1), "EGP", Decimal(-1)), {"vat_included": True}, "no fraction"),
        (Product("MUG", None, Decimal(1), "EGP", None), {"fee_percent": Decimal("99.5")}, "less than 1 %"),
        (Product("MUG", None, Decimal(10) ** 12, "EGP", None), {}, "can't be written"),
    ],
)
def test_what_can_not_be_priced_has_a_reason_and_no_price(
    product: Product, sets: dict[str, Decimal], part: str
) -> None:
    found = quote(product, "amazon", PriceBook(DEFAULTS, [PriceRule("r", PriceSettings(**sets))]))  # type: ignore[arg-type]  # the table mixes settings
    assert found.price is None
    assert part in (found.problem or "")


def test_a_channel_without_a_fee_has_no_price() -> None:
    assert "no fee is known for ebay" in (quote(MUG, "ebay", PriceBook(DEFAULTS)).problem or "")


def test_a_ceiling_that_keeps_the_price_short_is_told_beside_the_price() -> None:
    rule = PriceRule("cap", PriceSettings(ceiling=Decimal(900)), sku="MUG")
    found = quote(MUG, "amazon", PriceBook(DEFAULTS, [rule]))
    assert found.price is not None
    assert found.price.price == 900
    assert "the ceiling 900.00 of 'cap' leaves 765.00 instead of the net price 850.00" in (found.problem or "")


def test_a_floor_above_another_rules_ceiling_is_told() -> None:
    floor = PriceRule("floor", PriceSettings(floor=Decimal(3000)), category="cups")
    ceiling = PriceRule("ceiling", PriceSettings(ceiling=Decimal(2000)), sku="MUG")
    found = quote(MUG, "amazon", PriceBook(DEFAULTS, [floor, ceiling]))
    assert "the floor 3000.00 of 'floor' is above the ceiling" in (found.problem or "")


_amounts = st.decimals(0, 10**9, places=2)
_sets = st.builds(
    PriceSettings,
    fee_percent=st.decimals(0, Decimal("99.9999"), places=4),
    fee_fixed=st.none() | _amounts,
    vat_included=st.none() | st.booleans(),
    rounding=st.sampled_from([None, Rounding(Decimal(1), Decimal("0.99")), Rounding(Decimal(10), Decimal("9.99"))]),
    floor=st.none() | _amounts,
    ceiling=st.none() | st.decimals(CENT, 10**9, places=2),
)
_products = st.builds(
    Product,
    st.just("MUG"),
    st.just("cups"),
    st.none() | st.decimals(-(10**9), 10**13, places=4),
    st.just("EGP"),
    st.none() | st.decimals(-2, 20, places=4),
)


@given(_products, _sets)
def test_every_product_gets_a_price_in_cents_or_the_reason_why_not(product: Product, sets: PriceSettings) -> None:
    found = quote(product, "amazon", PriceBook(DEFAULTS, [PriceRule("r", sets, sku="MUG")]))
    assert (found.price is not None) or found.problem
    if found.price is not None and product.base_price is not None:
        assert found.price.price == found.price.price.quantize(CENT)
        assert found.problem or found.price.net >= product.base_price


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (PriceRule("r", PriceSettings()), "sets nothing"),
        (PriceRule("r", fee(1), sku="A", category="b"), "not both"),
        (PriceRule("r", fee(1), channel="ebay"), "the channels are amazon"),
        (PriceRule("r", PriceSettings(floor=Decimal(2), ceiling=Decimal(1))), "above the ceiling"),
        (PriceRule("r", PriceSettings(rounding=Rounding(CENT, Decimal("0.99")))), "below the step"),
    ],
)
def test_a_rule_that_can_not_be_used_says_what_to_do(rule: PriceRule, part: str) -> None:
    [problem] = problems(rule, ["amazon"])
    assert part in problem


def test_numbers_are_written_with_their_cents() -> None:
    assert [text(Decimal(n)) for n in ("15.0000", "0.5", "12.3450", "1E+3")] == ["15.00", "0.50", "12.345", "1000.00"]
    assert tidy(Decimal("0.0100")) == Decimal("0.01")


def settings(**given: object) -> Settings:
    known = {"kafka_bootstrap_servers": "k", "database_url": "postgresql://h/d", "api_key": "k"}
    return Settings.model_validate(known | given)


def test_the_settings_are_the_defaults_of_prices() -> None:
    found = settings(amazon_fee_percent="12.5", prices_include_vat="true", price_channels="noon, amazon,")
    amazon = found.price_defaults().channels["amazon"]
    assert (amazon.fee_percent, amazon.vat_included, amazon.rounding) == (Decimal("12.5"), True, Rounding())
    assert found.channels_with_prices() == {"noon", "amazon"}
    assert settings(price_channels="saberstore, ").channels_with_prices() == frozenset()
    assert settings().policy().price_first == {"amazon"}


def test_an_ending_that_no_step_holds_is_refused() -> None:
    with pytest.raises(ValidationError, match="the step is 1"):
        settings(price_rounding_ending="0.99")
