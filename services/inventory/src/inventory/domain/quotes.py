"""The price of a product on a channel under the rules, with the arithmetic behind it for people."""

import dataclasses as dc
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from inventory.domain import pricing
from inventory.domain.price_rules import PriceBook, PriceReason, Value, tidy
from inventory.domain.pricing import CENT, ChannelPrice, Fees, ImpossiblePriceError, Rounding

_HUNDRED = Decimal(100)
_HIGHEST = Decimal(10) ** 12
"""No price can be written from here on: an event's amount has 14 digits before the point."""
_LEAST_KEPT = Decimal("0.01")
"""What fees and tax must leave of a price. With less the price runs away, and so does the search for it."""


@dc.dataclass(frozen=True, slots=True)
class Product:
    """What a price follows from. `vat_rate` is a fraction: 0.14 is 14 %."""

    sku: str
    category: str | None
    base_price: Decimal | None
    currency: str | None
    vat_rate: Decimal | None


@dc.dataclass(frozen=True, slots=True)
class Quote:
    """`price` None: there is none, and `problem` says why. A problem beside a price says what is wrong with it."""

    price: ChannelPrice | None
    problem: str | None
    explanation: dict[str, Any]


def quote(product: Product, channel: str, book: PriceBook) -> Quote:
    """What `channel` should charge for `product`; total: every product gets a price or the reason why not."""
    reasons = book.resolve(product.sku, product.category, channel)
    problem = _unusable(product, channel, reasons)
    if problem is not None or product.base_price is None:
        return Quote(None, problem, _explanation(product, None, reasons))
    try:
        price = _price(product.base_price, _rule(product, reasons))
    except ImpossiblePriceError as impossible:
        return Quote(None, str(impossible), _explanation(product, None, reasons))
    return Quote(price, _doubt(product.base_price, price, reasons), _explanation(product, price, reasons))


def _price(asked: Decimal, rule: pricing.PriceRule) -> ChannelPrice:
    vat = rule.vat_percent or Decimal(0)
    if _HUNDRED / (_HUNDRED + vat) - rule.fees.percent / _HUNDRED < _LEAST_KEPT:
        raise ImpossiblePriceError(
            f"fees of {text(rule.fees.percent)} % and VAT of {text(vat)} % leave less than 1 % of any price: lower them"
        )
    price = pricing.channel_price(asked, rule)
    if price.price >= _HIGHEST:
        raise ImpossiblePriceError(f"a price of {text(price.price)} can't be written: lower the fees or the base price")
    return dc.replace(price, price=price.price.quantize(CENT))


def text(value: Value) -> str:
    """For people and for JSON: an amount with its cents, never as a binary number."""
    if isinstance(value, Rounding):
        ending = f" plus {text(value.ending)}" if value.ending else ""
        return f"up to the next multiple of {text(value.step)}{ending}"
    return format(tidy(value), "f") if isinstance(value, Decimal) else str(value).lower()


def _unusable(product: Product, channel: str, reasons: Mapping[str, PriceReason]) -> str | None:
    if product.base_price is None:
        return "the product has no base_price: publish its product.changed with one"
    if product.base_price <= 0:
        return f"the base_price {text(product.base_price)} is not above 0: correct it in product.changed"
    if "fee_percent" not in reasons:
        return f"no fee is known for {channel}: put a price rule for the channel with fee_percent"
    return _without_rate(product) if _includes_vat(reasons) else None


def _without_rate(product: Product) -> str | None:
    if product.vat_rate is None:
        return "the price includes VAT, but the product has no vat_rate: publish its product.changed with one"
    if not 0 <= product.vat_rate <= 1:
        return f"the vat_rate {text(product.vat_rate)} is no fraction: 14 % is 0.14"
    return None


def _rule(product: Product, reasons: Mapping[str, PriceReason]) -> pricing.PriceRule:
    """Each setting as it won; what nothing sets is left as it is."""
    won: dict[str, Any] = {setting: reason.value for setting, reason in reasons.items()}
    fees = Fees(won["fee_percent"], won.get("fee_fixed", Decimal(0)))
    vat = product.vat_rate * _HUNDRED if _includes_vat(reasons) and product.vat_rate is not None else None
    return pricing.PriceRule(fees, won.get("rounding", Rounding()), vat, won.get("floor"), won.get("ceiling"))


def _includes_vat(reasons: Mapping[str, PriceReason]) -> bool:
    return "vat_included" in reasons and reasons["vat_included"].value is True


def _doubt(asked: Decimal, price: ChannelPrice, reasons: Mapping[str, PriceReason]) -> str | None:
    """A price that can be written but is not what the rules ask for."""
    floor, ceiling = reasons.get("floor"), reasons.get("ceiling")
    if price.is_short and ceiling is not None:
        return (
            f"the ceiling {text(ceiling.value)} of {ceiling.rule!r} leaves {text(price.net)} "
            f"instead of the net price {text(asked)}: raise the ceiling or lower the base price"
        )
    if floor is not None and isinstance(floor.value, Decimal) and price.price < floor.value:
        return f"the floor {text(floor.value)} of {floor.rule!r} is above the ceiling: change one of them"
    return None


def _explanation(product: Product, price: ChannelPrice | None, reasons: Mapping[str, PriceReason]) -> dict[str, Any]:
    figures = {} if price is None or product.base_price is None else _figures(product.base_price, price, reasons)
    return {
        **figures,
        "currency": product.currency,
        "category": product.category,
        "rules": {setting: _why(reason) for setting, reason in reasons.items()},
    }


def _figures(asked: Decimal, price: ChannelPrice, reasons: Mapping[str, PriceReason]) -> dict[str, str]:
    fixed = f" + {text(reasons['fee_fixed'].value)}" if "fee_fixed" in reasons else ""
    figures = {"price": price.price, "fee": price.fee, "vat": price.vat, "net": price.net, "asked": asked}
    words = {name: text(figure) for name, figure in figures.items()}
    arithmetic = (
        f"{words['price']} - fee {words['fee']} ({text(reasons['fee_percent'].value)} %{fixed}) "
        f"- VAT {words['vat']} = net {words['net']}, asked {words['asked']}"
    )
    return {**words, "arithmetic": arithmetic}


def _why(reason: PriceReason) -> dict[str, Any]:
    lost = [{"rule": rule, "value": text(value)} for rule, value in reason.lost]
    return {"value": text(reason.value), "rule": reason.rule, "scope": reason.scope, "lost": lost}
