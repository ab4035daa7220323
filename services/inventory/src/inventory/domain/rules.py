"""Rules of the allocation, and which of them wins for a SKU: pure."""

import dataclasses as dc
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from inventory.domain.allocation import Limit, Mode, Policy

CHANNEL_SETTINGS = ("weight", "min", "max", "fixed")
"""What is set for one channel; everything else is set for the SKU as a whole."""

SKU_SETTINGS = (
    "mode",
    "buffer_percent",
    "buffer_units",
    "last_units",
    "last_units_channel",
    "marketplace_cap",
    "priority",
    "demand_weighted",
)

PRECEDENCE = ("SKU and channel", "SKU", "category and channel", "category", "channel", "everywhere")
"""The most specific scope first: it wins."""


class Setting(NamedTuple):
    """One thing that a rule may set; `channel` for those of `CHANNEL_SETTINGS`."""

    name: str
    channel: str | None = None

    def __str__(self) -> str:
        return self.name if self.channel is None else f"{self.name} of {self.channel}"


@dc.dataclass(frozen=True, slots=True)
class Rule:
    """Sets `values` for one SKU, or one category, or everything; with a `channel` only what concerns that channel.

    A value None of `max`, `fixed`, `marketplace_cap` or `last_units_channel` takes back what a wider rule sets.
    """

    name: str
    values: Mapping[Setting, Any]
    """Whole numbers, but: mode a `Mode`, last_units_channel a channel, priority a tuple, demand_weighted a bool."""
    sku: str | None = None
    category: str | None = None
    channel: str | None = None

    @property
    def rank(self) -> int:
        """The place in `PRECEDENCE`; the lowest wins."""
        place = 0 if self.sku is not None else 2 if self.category is not None else 4
        return place + (self.channel is None)

    def concerns(self, sku: str, category: str | None) -> bool:
        """Whether the rule speaks of that SKU."""
        return self.sku in (None, sku) and self.category in (None, category)


@dc.dataclass(frozen=True, slots=True)
class Reason:
    """Why a setting is as it is: the rule that won, how specific it is, and the rules that lost with their values."""

    setting: Setting
    value: Any
    rule: str
    scope: str
    lost: tuple[tuple[str, Any], ...] = ()


Effective = tuple[Policy, tuple[Reason, ...]]


class RuleBook:
    """All rules over the policy that holds where none sets anything. It never changes: new rules are a new book."""

    def __init__(self, default: Policy, rules: Iterable[Rule] = ()) -> None:
        self.default = default
        self.rules = {rule.name: rule for rule in rules}
        self._by_sku: dict[str | None, list[Rule]] = defaultdict(list)
        self._by_category: dict[str | None, list[Rule]] = defaultdict(list)
        for rule in self.rules.values():
            (self._by_category if rule.sku is None else self._by_sku)[rule.sku or rule.category].append(rule)
        self._known: dict[tuple[str, ...], Effective] = {(): (default, ())}
        self._by_category_alone: dict[str | None, Effective] = {}

    @property
    def follows_demand(self) -> bool:
        """Whether any SKU may be under a policy whose weights follow demand."""
        setting = Setting("demand_weighted")
        return self.default.demand_weighted or any(rule.values.get(setting) for rule in self.rules.values())

    def matching(self, sku: str, category: str | None) -> list[Rule]:
        """The rules that concern a SKU, the winner of each setting before those that lose it; ties go by name."""
        rules = list(self._by_category.get(None, ()))
        if category is not None:
            rules += self._by_category.get(category, ())
        rules += [rule for rule in self._by_sku.get(sku, ()) if rule.concerns(sku, category)]
        return sorted(rules, key=lambda rule: (rule.rank, rule.name))

    def effective(self, sku: str, category: str | None) -> Effective:
        """See `effective`. SKUs under the same rules get the same object."""
        if sku in self._by_sku:
            return self._effective(self.matching(sku, category))
        if category not in self._by_category_alone:
            self._by_category_alone[category] = self._effective(self.matching(sku, category))
        return self._by_category_alone[category]

    def _effective(self, rules: list[Rule]) -> Effective:
        names = tuple(rule.name for rule in rules)
        if names not in self._known:
            reasons = _resolve(rules)
            self._known[names] = (_policy(self.default, reasons), reasons)
        return self._known[names]

    def changed(self, put: Iterable[Rule], delete: Iterable[str] = ()) -> "RuleBook":
        """The book with these rules new or instead of those of the same name, and without those to delete."""
        rules = {name: rule for name, rule in self.rules.items() if name not in set(delete)}
        return RuleBook(self.default, (rules | {rule.name: rule for rule in put}).values())


def effective(rules: RuleBook, sku: str, category: str | None) -> Effective:
    """The policy of a SKU, and why: each setting has one winner, the most specific rule that sets it (`PRECEDENCE`)."""
    return rules.effective(sku, category)


def _resolve(rules: Iterable[Rule]) -> tuple[Reason, ...]:
    claims: dict[Setting, list[Rule]] = defaultdict(list)
    for rule in rules:
        for setting in rule.values:
            claims[setting].append(rule)
    return tuple(
        Reason(
            setting=setting,
            value=(winner := claimants[0]).values[setting],
            rule=winner.name,
            scope=PRECEDENCE[winner.rank],
            lost=tuple((rule.name, rule.values[setting]) for rule in claimants[1:]),
        )
        for setting, claimants in sorted(claims.items(), key=lambda claim: (claim[0].name, claim[0].channel or ""))
    )


def _policy(default: Policy, reasons: Iterable[Reason]) -> Policy:
    won = {reason.setting: reason.value for reason in reasons}
    weights = {channel: won.get(Setting("weight", channel), weight) for channel, weight in default.weights.items()}
    limits = {}
    for channel in default.weights:
        known = default.limits.get(channel, Limit())
        names = [name for name in ("min", "max", "fixed") if Setting(name, channel) in won]
        limits[channel] = dc.replace(known, **{name: won[Setting(name, channel)] for name in names})
    whole = {setting.name: value for setting, value in won.items() if setting.name in SKU_SETTINGS}
    set_limits = {channel: limit for channel, limit in limits.items() if limit != Limit()}
    return dc.replace(default, weights=weights, limits=set_limits, **whole)


def problems(rule: Rule, channels: Iterable[str]) -> list[str]:
    """What is wrong with a rule, each in one line that says what to do; nothing for one that can be used."""
    known = list(channels)
    found = []
    if rule.sku is not None and rule.category is not None:
        found.append("give a sku or a category, not both: a SKU has its category already")
    if not rule.values:
        found.append("the rule sets nothing: give at least one setting under sets")
    named = {rule.channel, *(setting.channel for setting in rule.values), *_channels_in_values(rule)} - {None}
    strangers = sorted(name for name in named if name is not None and name not in known)
    if strangers:
        found.append(f"no channel {', '.join(map(repr, strangers))}: the channels are {', '.join(known)}")
    if rule.channel is not None and any(setting.channel != rule.channel for setting in rule.values):
        found.append(f"a rule for a channel sets only its own {', '.join(CHANNEL_SETTINGS)}: leave channel out")
    alone = sorted(
        setting.name for setting in rule.values if setting.channel is None and setting.name in CHANNEL_SETTINGS
    )
    if alone:
        found.append(f"no channel to set it for: {', '.join(alone)}: give a channel, or use weights and limits")
    return found + _contradictions(rule)


def _channels_in_values(rule: Rule) -> list[str | None]:
    return [*rule.values.get(Setting("priority"), ()), rule.values.get(Setting("last_units_channel"))]


def _contradictions(rule: Rule) -> list[str]:
    found = []
    for channel in sorted({setting.channel for setting in rule.values if setting.channel is not None}):
        low, high = (rule.values.get(Setting(name, channel)) for name in ("min", "max"))
        if low is not None and high is not None and low > high:
            found.append(f"min {low} of {channel} is above its max {high}")
    weights = [value for setting, value in rule.values.items() if setting.name == "weight"]
    if rule.channel is None and weights and not any(weights):
        found.append("all weights are 0: give at least one channel a weight")
    return found


def values_of(sets: Mapping[str, Any], channel: str | None) -> dict[Setting, Any]:
    """A rule's `sets` as people write them, taken apart into settings.

    Without a channel `weights` and `limits` are by channel; with one its weight, min, max and fixed stand alone.
    """
    values: dict[Setting, Any] = {}
    for name, value in sets.items():
        if name == "weights":
            values |= {Setting("weight", to): weight for to, weight in value.items()}
        elif name == "limits":
            values |= {Setting(bound, to): units for to, limit in value.items() for bound, units in limit.items()}
        else:
            values[Setting(name, channel if name in CHANNEL_SETTINGS else None)] = _typed(name, value)
    return values


def _typed(name: str, value: Any) -> Any:  # noqa: ANN401 - one value of any setting
    if name == "mode":
        return Mode(value)
    return tuple(value) if name == "priority" else value
