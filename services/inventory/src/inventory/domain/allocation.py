"""How many units of a SKU each channel may offer: pure and total, for any stock and any set of channels."""

import dataclasses as dc
import enum
from collections.abc import Mapping, Sequence


class Mode(enum.StrEnum):
    DEFAULT = "default"
    GUIDE = "guide"


@dc.dataclass(frozen=True, slots=True)
class Policy:
    """The rule. `weights` names every channel, in the order that breaks ties; `storefront` is one of them."""

    weights: Mapping[str, int]
    storefront: str
    mode: Mode = Mode.DEFAULT
    buffer_percent: int = 5
    buffer_units: int = 0
    last_units: int = 0
    last_units_channel: str | None = None


@dc.dataclass(frozen=True, slots=True)
class Allocation:
    """Units for each channel of the policy, and the figures that led to them."""

    units: Mapping[str, int]
    available: int
    buffer: int
    sellable: int
    rule: str
    active: tuple[str, ...] = ()


def allocate(available: int, active: Sequence[str], policy: Policy) -> Allocation:
    """Split what is available among the `active` channels; every other channel gets 0.

    The parts always add up to `sellable`, unless no channel is active. Below zero counts as nothing.
    """
    channels = [channel for channel in policy.weights if channel in active]
    if policy.mode is Mode.GUIDE:
        sellable, rule = max(available, 0), "guide: 30 % to the storefront, half of the rest to each marketplace"
        parts = _guide(sellable, channels, policy.storefront)
    else:
        sellable = max(available - _buffer(available, policy), 0)
        parts, rule = _default(sellable, channels, policy)
    units = {channel: parts.get(channel, 0) for channel in policy.weights}
    return Allocation(units, available, max(available, 0) - sellable, sellable, rule, tuple(channels))


def _buffer(available: int, policy: Policy) -> int:
    return max(available, 0) * policy.buffer_percent // 100 + policy.buffer_units


def _default(sellable: int, channels: Sequence[str], policy: Policy) -> tuple[dict[str, int], str]:
    last = policy.last_units_channel
    if last is not None and last in channels and sellable <= policy.last_units:
        return {last: sellable}, f"last units: at or below {policy.last_units} to one channel"
    weights = {channel: policy.weights[channel] for channel in channels}
    return largest_remainder(sellable, weights), "by weight, largest remainder, ties in the channels' order"


def largest_remainder(units: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole units in proportion to the weights, adding up to `units`; ties go to whoever is named first.

    Weights that are all 0 count as equal.
    """
    if not weights:
        return {}
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    total = sum(weights.values())
    parts = {name: units * weight // total for name, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda name: -(units * weights[name] % total))
    for name in by_remainder[: units - sum(parts.values())]:
        parts[name] += 1
    return parts


def _guide(units: int, channels: Sequence[str], storefront: str) -> dict[str, int]:
    """The guide's arithmetic: floor(0.3 n) to the storefront, floor of half the rest to Amazon, the rest to Noon."""
    marketplaces = [channel for channel in channels if channel != storefront]
    if not marketplaces:
        return dict.fromkeys(channels, units)
    own = units * 3 // 10 if storefront in channels else 0
    rest = units - own
    parts = {storefront: own} if storefront in channels else {}
    for position, channel in enumerate(marketplaces):
        share = rest // (len(marketplaces) - position)
        parts[channel] = share
        rest -= share
    return parts
