"""Weights that follow each channel's recent share of the sales, within guard-rails: whole numbers, no chance."""

import dataclasses as dc
from collections.abc import Mapping, Sequence

from inventory.domain.allocation import Policy
from inventory.domain.sharing import Bounds, largest_remainder, share

SCALE = 1000
"""Weights by demand add up to so much: one is a tenth of a percent."""

_UNIT = 10**6
"""A unit that was sold today counts so much."""


@dc.dataclass(frozen=True, slots=True)
class Sold:
    """Units that a channel sold of one SKU on one day; below zero where more was cancelled."""

    channel: str
    days_ago: int
    units: int


@dc.dataclass(frozen=True, slots=True)
class GuardRails:
    """`floor`, `ceiling` and `largest_step` are in thousandths of all weights.

    A sale counts half after `half_life_days` and nothing from `window_days` on. Where the sales that count amount to
    fewer than `enough_units`, the fixed weights are aimed at. A step that is too short for a floor or a ceiling wins.
    """

    window_days: int = 28
    half_life_days: int = 7
    enough_units: int = 10
    floor: int = 100
    ceiling: int = 700
    largest_step: int = 50


@dc.dataclass(frozen=True, slots=True)
class DemandWeights:
    """`weights` add up to `SCALE`; `aim` is where they would be without the largest step. `counted` units led to it."""

    weights: Mapping[str, int]
    aim: Mapping[str, int]
    counted: int
    words: str


def weigh(
    sold: Sequence[Sold], fixed: Mapping[str, int], previous: Mapping[str, int] | None, rails: GuardRails
) -> DemandWeights:
    """The next weights of one SKU for the channels that `fixed` names.

    `fixed` are the weights that a rule or a setting gives; `previous` are the last ones by demand, None where there
    are none: then the step is taken from the fixed ones.
    """
    fixed = largest_remainder(SCALE, fixed)
    before = fixed if previous is None else largest_remainder(SCALE, {name: previous.get(name, 0) for name in fixed})
    counted = dict.fromkeys(fixed, 0)
    for sale in sold:
        if sale.channel in counted:
            counted[sale.channel] += sale.units * _worth(sale.days_ago, rails)
    counted = {name: max(units, 0) for name, units in counted.items()}
    total = sum(counted.values())
    if total < max(rails.enough_units, 1) * _UNIT:
        aim, why = (
            fixed,
            f"{total // _UNIT} units sold count, {rails.enough_units} are needed: towards the fixed weights",
        )
    else:
        aim, why = (
            _aim(counted, fixed, rails),
            f"{total // _UNIT} units sold count: towards each channel's share of them",
        )
    weights = _step(before, aim, rails.largest_step)
    return DemandWeights(weights, aim, total // _UNIT, f"{why}, by at most {rails.largest_step} of {SCALE}")


def _worth(days_ago: int, rails: GuardRails) -> int:
    """What a unit counts after so many days: halved each half-life, in a straight line between."""
    if not 0 <= days_ago < rails.window_days:
        return 0
    halvings, days = divmod(days_ago, rails.half_life_days)
    return (_UNIT >> halvings) * (2 * rails.half_life_days - days) // (2 * rails.half_life_days)


def _aim(counted: Mapping[str, int], fixed: Mapping[str, int], rails: GuardRails) -> dict[str, int]:
    """The shares of the sales between floor and ceiling; where sales say nothing, in the fixed proportion.

    Floors that need too much and ceilings that leave a rest give way to equal parts.
    """
    floor, ceiling = min(rails.floor, SCALE // len(fixed)), max(rails.ceiling, -(-SCALE // len(fixed)))
    weights = {name: units * SCALE * SCALE + fixed[name] * SCALE + 1 for name, units in counted.items()}
    return share(SCALE, weights, dict.fromkeys(fixed, Bounds(floor, ceiling)))


def _step(before: Mapping[str, int], aim: Mapping[str, int], largest: int) -> dict[str, int]:
    """From `before` towards `aim`: nobody by more than `largest`, nobody past its aim, nobody away from it."""
    bounds = {}
    for name, start in before.items():
        end = start + max(-largest, min(largest, aim[name] - start))
        bounds[name] = Bounds(min(start, end), max(start, end))
    return share(SCALE, {name: weight * SCALE + 1 for name, weight in aim.items()}, bounds)


def by_demand(policy: Policy, weights: Mapping[str, int] | None) -> Policy:
    """The policy with these weights by demand, if it wants such and there are some."""
    if not policy.demand_weighted or weights is None:
        return policy
    return dc.replace(policy, weights={channel: weights.get(channel, 0) for channel in policy.weights})
