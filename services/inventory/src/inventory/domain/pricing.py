"""What a channel must charge so that the seller keeps the net price: decimal arithmetic only."""

import dataclasses as dc
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
_ONE, _HUNDRED = Decimal(1), Decimal(100)


class ImpossiblePriceError(Exception):
    """No price leaves the net price, since fees and tax take it all; the message says which."""


@dc.dataclass(frozen=True, slots=True)
class Fees:
    """What a channel keeps of each sale: a percentage of the price and a fixed part, in the price's currency."""

    percent: Decimal = Decimal(15)
    fixed: Decimal = Decimal(0)

    def of(self, price: Decimal) -> Decimal:
        """To the cent, half up."""
        return (price * self.percent / _HUNDRED + self.fixed).quantize(CENT, ROUND_HALF_UP)


@dc.dataclass(frozen=True, slots=True)
class Rounding:
    """Prices go up to the next multiple of `step` plus `ending`: step 1 and ending 0.99 gives 12.99, 13.99."""

    step: Decimal = CENT
    ending: Decimal = Decimal(0)

    def up(self, price: Decimal) -> Decimal:
        steps = ((price - self.ending) / self.step).to_integral_value(ROUND_CEILING)
        return max(steps, Decimal(0)) * self.step + self.ending


@dc.dataclass(frozen=True, slots=True)
class PriceRule:
    """How a channel's price follows from the net price. `vat_percent`: the tax that the price includes, or None."""

    fees: Fees = Fees()
    rounding: Rounding = Rounding()
    vat_percent: Decimal | None = None
    floor: Decimal | None = None
    ceiling: Decimal | None = None


@dc.dataclass(frozen=True, slots=True)
class ChannelPrice:
    """`net`: what the seller keeps of `price`. `is_short`: the ceiling keeps it below the net price asked for."""

    price: Decimal
    fee: Decimal
    vat: Decimal
    net: Decimal
    is_short: bool


def channel_price(asked: Decimal, rule: PriceRule) -> ChannelPrice:
    """The lowest price of the rounding that leaves at least `asked`, within floor and ceiling.

    Raises:
        ImpossiblePriceError: fees and tax together take the whole price, whatever it is.
    """
    kept = _ONE / (_ONE + (rule.vat_percent or Decimal(0)) / _HUNDRED) - rule.fees.percent / _HUNDRED
    if kept <= 0:
        raise ImpossiblePriceError(
            f"fees of {rule.fees.percent} % and VAT of {rule.vat_percent or 0} % leave nothing of any price: lower them"
        )
    price = rule.rounding.up(max(asked + rule.fees.fixed - CENT, Decimal(0)) / kept - CENT)
    while _settled(price, rule).net < asked:
        price = rule.rounding.up(price + CENT)
    if rule.floor is not None and price < rule.floor:
        price = rule.rounding.up(rule.floor)
    if rule.ceiling is not None and price > rule.ceiling:
        price = rule.ceiling
    settled = _settled(price, rule)
    return dc.replace(settled, is_short=settled.net < asked)


def _settled(price: Decimal, rule: PriceRule) -> ChannelPrice:
    fee = rule.fees.of(price)
    net_of_tax = price
    if rule.vat_percent is not None:
        net_of_tax = (price / (_ONE + rule.vat_percent / _HUNDRED)).quantize(CENT, ROUND_HALF_UP)
    return ChannelPrice(price, fee, price - net_of_tax, net_of_tax - fee, is_short=False)
