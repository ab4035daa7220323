"""How many units of a SKU each channel may offer: pure and total, for any stock and any set of channels."""

import dataclasses as dc
import enum
from collections.abc import Mapping, Sequence

from inventory.domain.sharing import Bounds, Step, Trail, share


class Mode(enum.StrEnum):
    DEFAULT = "default"
    GUIDE = "guide"


@dc.dataclass(frozen=True, slots=True)
class Limit:
    """What one channel may show: at least `min` where there is enough, at most `max`; `fixed` is both.

    Where they contradict each other the lowest cap wins.
    """

    min: int = 0
    max: int | None = None
    fixed: int | None = None


@dc.dataclass(frozen=True, slots=True)
class Policy:
    """The rule. `weights` names every channel; `storefront` is one of them.

    `priority` says who comes first: in ties, for minimums, for the last units when their channel is not active. Whoever
    it does not name follows in the order of `weights`. `marketplace_cap` is the most that any one channel but the
    storefront shows. `demand_weighted` is for whoever finds the weights; here it changes nothing. `price_first` names
    the channels where a listing shows its newest price before it comes back from zero, and `held`, of one item, those
    that get nothing for now, each with the reason in words.
    """

    weights: Mapping[str, int]
    storefront: str
    mode: Mode = Mode.DEFAULT
    buffer_percent: int = 5
    buffer_units: int = 0
    last_units: int = 0
    last_units_channel: str | None = None
    limits: Mapping[str, Limit] = dc.field(default_factory=dict)
    marketplace_cap: int | None = None
    priority: tuple[str, ...] = ()
    demand_weighted: bool = False
    price_first: frozenset[str] = frozenset()
    held: Mapping[str, str] = dc.field(default_factory=dict)


@dc.dataclass(frozen=True, slots=True)
class Allocation:
    """Units for each channel of the policy, and the figures that led to them.

    `active` are the policy's channels that are active. `sellable` is the sum of `units` and of `unallocated`: what no
    active channel may show.
    """

    units: Mapping[str, int]
    available: int
    buffer: int
    sellable: int
    rule: str
    active: tuple[str, ...]
    unallocated: int
    policy: Policy

    @property
    def steps(self) -> tuple[Step, ...]:
        """The arithmetic, line by line. Made when asked for, by the same code that made the allocation."""
        trail: list[Step] = []
        _allocate(self.available, self.active, self.policy, trail)
        return tuple(trail)


def allocate(available: int, active: Sequence[str], policy: Policy) -> Allocation:
    """Split what is available among the `active` channels; every other channel gets 0.

    The units add up to `sellable`, unless no channel may take the rest: that is `unallocated`. Below zero counts as
    nothing. Guide mode knows neither buffer nor limits.
    """
    return _allocate(available, active, policy, None)


def _allocate(available: int, active: Sequence[str], policy: Policy, trail: Trail) -> Allocation:
    channels = [channel for channel in policy.weights if channel in active and channel not in policy.held]
    stock = max(available, 0)
    if trail is not None:
        trail.extend(_opening(available, channels, policy))
    if policy.mode is Mode.GUIDE:
        sellable, rule = stock, "guide: 30 % to the storefront, half of the rest to each marketplace"
        parts = _guide(sellable, channels, policy.storefront, trail)
    else:
        sellable = stock - _buffer(stock, policy, trail)
        parts, rule = _default(sellable, channels, policy, trail)
    unallocated = sellable - sum(parts.values())
    if trail is not None and unallocated:
        trail.append(
            Step("unallocated", f"{unallocated} stay: no active channel may show them", {"unallocated": unallocated})
        )
    units = {channel: parts.get(channel, 0) for channel in policy.weights}
    return Allocation(units, available, stock - sellable, sellable, rule, tuple(channels), unallocated, policy)


def _opening(available: int, channels: Sequence[str], policy: Policy) -> list[Step]:
    inactive = [channel for channel in policy.weights if channel not in channels and channel not in policy.held]
    steps = [
        Step(
            "available",
            f"{available} available" + (", which counts as 0" if available < 0 else ""),
            {"available": available},
        )
    ]
    if inactive:
        words = f"not active: {', '.join(inactive)}; their share goes to the others"
        steps.append(Step("inactive", words, dict.fromkeys(inactive, 0)))
    for channel, reason in policy.held.items():
        steps.append(Step("held", f"{channel} is held back: {reason}; its share goes to the others", {channel: 0}))
    return steps


def _buffer(stock: int, policy: Policy, trail: Trail) -> int:
    """Percent of the stock, rounded down, and a fixed part; but the last units are never kept back."""
    percent = stock * policy.buffer_percent // 100
    wanted = percent + policy.buffer_units
    kept = max(min(wanted, stock - policy.last_units), 0)
    if trail is not None:
        words = (
            f"{policy.buffer_percent} % of {stock}, rounded down, is {percent}; plus {policy.buffer_units} is {wanted}"
        )
        if kept < wanted:
            words += f", but the last {min(stock, policy.last_units)} are never kept back"
        words += f"; {stock} - {kept} = {stock - kept} sellable"
        trail.append(Step("buffer", words, {"buffer": kept, "sellable": stock - kept}))
    return kept


def _default(sellable: int, channels: Sequence[str], policy: Policy, trail: Trail) -> tuple[dict[str, int], str]:
    if policy.priority:
        first = {channel: place for place, channel in enumerate(policy.priority)}
        channels = sorted(channels, key=lambda channel: first.get(channel, len(first)))
    bounds = _bounds(channels, policy)
    if sellable <= policy.last_units and policy.last_units and (last := _last(sellable, channels, bounds, policy)):
        rule = f"last units: at or below {policy.last_units} to one channel"
        if trail is not None:
            words = f"{sellable} sellable is at or below {policy.last_units}: all to {last}"
            trail.append(Step("last units", words, {last: sellable}))
        return {last: sellable}, rule
    parts = share(sellable, {channel: policy.weights[channel] for channel in channels}, bounds, trail)
    if bounds:
        _surplus(sellable, parts, bounds, policy.storefront, trail)
        return parts, "by weight within the limits, largest remainder, ties by priority"
    return parts, "by weight, largest remainder, ties by priority"


def _bounds(channels: Sequence[str], policy: Policy) -> dict[str, Bounds]:
    if not policy.limits and policy.marketplace_cap is None:
        return {}
    return {channel: _bounds_of(channel, policy) for channel in channels}


def _bounds_of(channel: str, policy: Policy) -> Bounds:
    limit = policy.limits.get(channel, Limit())
    most = policy.marketplace_cap if channel != policy.storefront else None
    caps = [cap for cap in (limit.max, limit.fixed, most) if cap is not None]
    low = limit.min if limit.fixed is None else limit.fixed
    return Bounds(min(low, *caps), min(caps)) if caps else Bounds(low)


def _last(sellable: int, channels: Sequence[str], bounds: Mapping[str, Bounds], policy: Policy) -> str | None:
    """Who gets the last units: the channel named for it, else the next by priority that may show so many."""
    named = [channel for channel in channels if channel == policy.last_units_channel]
    for channel in [*named, *channels]:
        high = bounds[channel].high if bounds else None
        if high is None or high >= sellable:
            return channel
    return None


def _surplus(sellable: int, parts: dict[str, int], bounds: Mapping[str, Bounds], storefront: str, trail: Trail) -> None:
    """What everybody with a weight may not show goes to the storefront, if it is active and without a cap."""
    left = sellable - sum(parts.values())
    if not left or storefront not in bounds or bounds[storefront].high is not None:
        return
    parts[storefront] = parts.get(storefront, 0) + left
    if trail is not None:
        trail.append(Step("surplus", f"{left} left when everybody is at the maximum: {storefront}", {storefront: left}))


def _guide(units: int, channels: Sequence[str], storefront: str, trail: Trail) -> dict[str, int]:
    """The guide's arithmetic: floor(0.3 n) to the storefront, floor of half the rest to Amazon, the rest to Noon."""
    marketplaces = [channel for channel in channels if channel != storefront]
    if not marketplaces:
        parts = dict.fromkeys(channels, units)
    else:
        own = units * 3 // 10 if storefront in channels else 0
        parts = {storefront: own} if storefront in channels else {}
        rest = units - own
        for position, channel in enumerate(marketplaces):
            parts[channel] = rest // (len(marketplaces) - position)
            rest -= parts[channel]
    if trail is not None and parts:
        words = f"30 % of {units} to {storefront}, rounded down; half of the rest, rounded down; the rest"
        trail.append(Step("guide", words if marketplaces else f"all to {storefront}, the only active channel", parts))
    return parts
