"""Rules of prices as callers of the HTTP API write them: every amount a decimal string."""

from decimal import Decimal
from typing import Annotated, Any

from contracts.types import DecimalText
from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.price_rules import PriceRule, PriceSettings
from inventory.domain.pricing import Rounding
from inventory.entrypoints.rule_bodies import Name, Scope

Cents = Annotated[DecimalText, Field(ge=0, lt=1_000_000_000_000, decimal_places=2)]
Percent = Annotated[DecimalText, Field(ge=0, lt=100)]


class RoundingBody(BaseModel):
    """Prices go up to the next multiple of `step` plus `ending`."""

    model_config = ConfigDict(extra="forbid")
    step: Annotated[Cents, Field(gt=0)]
    ending: Cents = Decimal(0)


class PriceSetsBody(BaseModel):
    """What a rule sets; what is left out or null stays as wider rules have it."""

    model_config = ConfigDict(extra="forbid")
    fee_percent: Percent | None = None
    fee_fixed: Cents | None = None
    vat_included: Annotated[bool, Field(strict=True)] | None = None
    rounding: RoundingBody | None = None
    floor: Cents | None = None
    ceiling: Annotated[Cents, Field(gt=0)] | None = None

    @classmethod
    def of(cls, sets: PriceSettings) -> "PriceSetsBody":
        rounding = sets.rounding and RoundingBody(step=sets.rounding.step, ending=sets.rounding.ending)
        return cls(**sets.given() | {"rounding": rounding})

    def settings(self) -> PriceSettings:
        rounding = Rounding(self.rounding.step, self.rounding.ending) if self.rounding else None
        return PriceSettings(self.fee_percent, self.fee_fixed, self.vat_included, rounding, self.floor, self.ceiling)


class PriceRuleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: Scope | None = None
    category: Scope | None = None
    channel: Scope | None = None
    sets: PriceSetsBody

    def rule(self, name: str) -> PriceRule:
        return PriceRule(name, self.sets.settings(), self.sku, self.category, self.channel)


class NamedPriceRuleBody(PriceRuleBody):
    name: Name


class PriceChangesBody(BaseModel):
    """Rules to write and to delete, as a whole or not at all."""

    model_config = ConfigDict(extra="forbid")
    put: Annotated[list[NamedPriceRuleBody], Field(max_length=1000)] = []
    delete: Annotated[list[Name], Field(max_length=1000)] = []


class PriceDryRunBody(PriceChangesBody):
    after: Annotated[str, Field(max_length=64)] = ""
    limit: Annotated[int, Field(ge=1, le=5000)] = 100


def shown(rule: PriceRule) -> dict[str, Any]:
    """A rule as people write it, with its scope in words."""
    sets = PriceSetsBody.of(rule.sets).model_dump(mode="json", exclude_none=True)
    where = {"sku": rule.sku, "category": rule.category, "channel": rule.channel}
    return {"name": rule.name, **where, "scope": rule.scope, "sets": sets}
