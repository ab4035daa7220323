"""Which fees, tax, rounding and limits hold for the price of a SKU on a channel, and why: pure."""

import dataclasses as dc
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.pricing import CENT, Rounding

PRECEDENCE = ("SKU and channel", "SKU", "category and channel", "category", "channel", "everywhere")
"""The most specific scope first: it wins."""

Value = Decimal | bool | Rounding


def tidy(number: Decimal) -> Decimal:
    """The same number with two decimals, or with as many as it needs."""
    cents = number.quantize(CENT)
    return cents if cents == number else number.normalize()


@dc.dataclass(frozen=True, slots=True)
class PriceSettings:
    """What a rule sets; None is left to wider rules.

    `fee_percent` of the price and `fee_fixed` go to the channel. `vat_included`: the price holds the product's VAT,
    which the net price does not. `floor` and `ceiling` bound the price. Amounts are in the product's currency.
    """

    fee_percent: Decimal | None = None
    fee_fixed: Decimal | None = None
    vat_included: bool | None = None
    rounding: Rounding | None = None
    floor: Decimal | None = None
    ceiling: Decimal | None = None

    def given(self) -> dict[str, Value]:
        """Only what is set, by name."""
        values = {field.name: getattr(self, field.name) for field in dc.fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dc.dataclass(frozen=True, slots=True)
class PriceRule:
    """Sets prices for one SKU, or one category, or everything; on one channel, or on all marketplaces."""

    name: str
    sets: PriceSettings
    sku: str | None = None
    category: str | None = None
    channel: str | None = None

    @property
    def scope(self) -> str:
        """One of `PRECEDENCE`."""
        place = 0 if self.sku is not None else 2 if self.category is not None else 4
        return PRECEDENCE[place + (self.channel is None)]


@dc.dataclass(frozen=True, slots=True)
class PriceDefaults:
    """What holds where no rule sets anything, by channel. `storefront`: only rules that name it concern it."""

    channels: Mapping[str, PriceSettings]
    storefront: str


class PriceReason(NamedTuple):
    """Why a setting is as it is: the rule that won, how specific it is, and the rules that lost with their values."""

    value: Value
    rule: str
    scope: str
    lost: tuple[tuple[str, Value], ...] = ()


class PriceBook:
    """All price rules over the defaults. It never changes: new rules are a new book."""

    def __init__(self, defaults: PriceDefaults, rules: Iterable[PriceRule] = ()) -> None:
        self.defaults = defaults
        self.rules = {rule.name: rule for rule in rules}
        self._by_scope = {(rule.sku, rule.category, rule.channel): rule for rule in self.rules.values()}

    def resolve(self, sku: str, category: str | None, channel: str) -> dict[str, PriceReason]:
        """Each setting that anything sets, with the most specific rule that sets it."""
        claims: dict[str, list[tuple[Value, str, str]]] = {}
        for sets, name, scope in self._matching(sku, category, channel):
            for setting, value in sets.given().items():
                claims.setdefault(setting, []).append((value, name, scope))
        return {
            setting: PriceReason(*claimed[0], tuple((name, value) for value, name, _ in claimed[1:]))
            for setting, claimed in sorted(claims.items())
        }

    def changed(self, put: Iterable[PriceRule], delete: Iterable[str] = ()) -> "PriceBook":
        """The book with these rules new or instead of those of the same name, and without those to delete."""
        gone = set(delete)
        rules = {name: rule for name, rule in self.rules.items() if name not in gone}
        return PriceBook(self.defaults, (rules | {rule.name: rule for rule in put}).values())

    def _matching(self, sku: str, category: str | None, channel: str) -> Iterator[tuple[PriceSettings, str, str]]:
        """The most specific first, the defaults last."""
        scopes: list[tuple[str | None, str | None]] = [(sku, None), (None, category), (None, None)]
        if category is None:
            del scopes[1]
        channels = [channel] if channel == self.defaults.storefront else [channel, None]
        for scope_sku, scope_category in scopes:
            for scope_channel in channels:
                rule = self._by_scope.get((scope_sku, scope_category, scope_channel))
                if rule is not None:
                    yield rule.sets, rule.name, rule.scope
        if channel in self.defaults.channels:
            yield self.defaults.channels[channel], "default", "default"


def problems(rule: PriceRule, channels: Iterable[str]) -> list[str]:
    """What is wrong with a rule, each in one line that says what to do; nothing for one that can be used."""
    known, found, sets = list(channels), [], rule.sets
    if rule.sku is not None and rule.category is not None:
        found.append("give a sku or a category, not both: a SKU has its category already")
    if not sets.given():
        found.append("the rule sets nothing: give at least one setting under sets")
    if rule.channel is not None and rule.channel not in known:
        found.append(f"no channel {rule.channel!r}: the channels are {', '.join(known)}")
    if sets.floor is not None and sets.ceiling is not None and sets.floor > sets.ceiling:
        found.append(f"floor {sets.floor} is above the ceiling {sets.ceiling}")
    if sets.rounding is not None and sets.rounding.ending >= sets.rounding.step:
        found.append(f"the ending {sets.rounding.ending} must be below the step {sets.rounding.step}")
    return found
