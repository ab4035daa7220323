"""Rules and changes of rules as callers of the HTTP API write them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.allocation import Mode
from inventory.handlers.change_rules import Change

Units = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
Weight = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^/\x00-\x1f]+$")]
Scope = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f]+$")]


class LimitBody(BaseModel):
    """At least `min`, at most `max`, or just `fixed`; null takes back what a wider rule sets."""

    model_config = ConfigDict(extra="forbid")
    min: Units = 0
    max: Units | None = None
    fixed: Units | None = None


class SetsBody(LimitBody):
    """What a rule sets; what is left out stays as wider rules have it.

    `weight`, `min`, `max` and `fixed` in a rule for a channel; everything else in a rule without one.
    """

    weight: Weight = 0
    weights: dict[str, Weight] = {}
    limits: dict[str, LimitBody] = {}
    mode: Mode = Mode.DEFAULT
    buffer_percent: Percent = 0
    buffer_units: Units = 0
    last_units: Units = 0
    last_units_channel: str | None = None
    marketplace_cap: Units | None = None
    priority: list[str] = []
    demand_weighted: Annotated[bool, Field(strict=True)] = False


class RuleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: Scope | None = None
    category: Scope | None = None
    channel: Scope | None = None
    sets: SetsBody

    def document(self, name: str) -> dict[str, Any]:
        """The rule as it was written: with nothing that was left out."""
        scope = {"sku": self.sku, "category": self.category, "channel": self.channel}
        return {"name": name, **scope, "sets": self.sets.model_dump(mode="json", exclude_unset=True)}


class NamedRuleBody(RuleBody):
    name: Name


class ChangeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    put: Annotated[list[NamedRuleBody], Field(max_length=1000)] = []
    delete: Annotated[list[Name], Field(max_length=1000)] = []

    def change(self) -> Change:
        return Change([rule.document(rule.name) for rule in self.put], self.delete)


class DryRunBody(ChangeBody):
    after: Annotated[str, Field(max_length=64)] = ""
    limit: Annotated[int, Field(ge=0, le=5000)] = 100
