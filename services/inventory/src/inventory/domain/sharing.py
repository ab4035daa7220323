"""Whole units shared by weight, within bounds, with a line of arithmetic for each step."""

import dataclasses as dc
from collections.abc import Mapping


@dc.dataclass(frozen=True, slots=True)
class Step:
    """One line of arithmetic.

    `figures` are units by name. In the steps that `GIVING` names they are what the step gives each channel: added up
    over these steps they are the allocation.
    """

    name: str
    words: str
    figures: Mapping[str, int]


GIVING = frozenset({"last units", "minimum", "maximum", "share", "surplus", "guide"})
"""The steps whose figures are units for channels."""

Trail = list[Step] | None
"""Where steps are written down; None while nobody asks for them."""


@dc.dataclass(frozen=True, slots=True)
class Bounds:
    """At least `low` units, at most `high` (None: any number). `low` is never above `high`."""

    low: int = 0
    high: int | None = None


_UNBOUNDED = Bounds()


def largest_remainder(units: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole units in proportion to the weights, adding up to `units`; ties go to whoever is named first.

    Weights that are all 0 count as equal.
    """
    if not weights:
        return {}
    total = sum(weights.values())
    if not total:
        weights = dict.fromkeys(weights, 1)
        total = len(weights)
    parts = {name: units * weight // total for name, weight in weights.items()}
    left = units - sum(parts.values())
    if left:
        for name in sorted(weights, key=lambda name: -(units * weights[name] % total))[:left]:
            parts[name] += 1
    return parts


def share(units: int, weights: Mapping[str, int], bounds: Mapping[str, Bounds], trail: Trail = None) -> dict[str, int]:
    """Units by weight within the bounds; whoever is named first comes first.

    What one may not take is shared again among the rest, until nothing is left or everybody is at a bound: then the
    parts add up to less than `units`. A weight of 0 gets its lower bound only, unless all weights are 0. Where there
    are too few units for all lower bounds, they are served one after the other.
    """
    bounded = {name: bounds.get(name, _UNBOUNDED) for name in weights} if bounds else {}
    if sum(bound.low for bound in bounded.values()) > units:
        return _scarce(units, bounded, trail)
    sharers = {name: weight for name, weight in weights.items() if weight} or dict(weights)
    given = {name: bound.low for name, bound in bounded.items() if name not in sharers and bound.low}
    if given:
        _note(trail, "minimum", f"{_listed(given)}: the minimum of whoever has no weight", given)
    left = units - sum(given.values())
    while sharers:
        parts = largest_remainder(left, sharers)
        stopped = _stopped(parts, bounded)
        if not stopped:
            if trail is not None:
                trail.append(Step("share", _by_weight(left, sharers, parts), dict(parts)))
            return given | parts
        left -= sum(stopped.values())
        _tell_stopped(parts, stopped, left, trail)
        given |= stopped
        sharers = {name: weight for name, weight in sharers.items() if name not in stopped}
    return given


def _scarce(units: int, bounded: Mapping[str, Bounds], trail: Trail) -> dict[str, int]:
    parts, left = {}, units
    for name, bound in bounded.items():
        parts[name] = min(bound.low, left)
        left -= parts[name]
    wanted = sum(bound.low for bound in bounded.values())
    _note(
        trail, "minimum", f"the minimums need {wanted}, there are {units}: one after the other, {_listed(parts)}", parts
    )
    return parts


def _stopped(parts: Mapping[str, int], bounded: Mapping[str, Bounds]) -> dict[str, int]:
    """Who is held at a bound now: those above theirs or those below, whichever moves more units.

    The others can't be judged yet, since what they get still changes.
    """
    if not bounded:
        return {}
    over = {name: high for name, part in parts.items() if (high := bounded[name].high) is not None and part > high}
    under = {name: bounded[name].low for name, part in parts.items() if part < bounded[name].low}
    excess = sum(parts[name] - high for name, high in over.items())
    missing = sum(low - parts[name] for name, low in under.items())
    if excess == missing:
        return over | under
    return over if excess > missing else under


def _tell_stopped(parts: Mapping[str, int], stopped: Mapping[str, int], left: int, trail: Trail) -> None:
    if trail is None:
        return
    for name, bound in stopped.items():
        word = "maximum" if parts[name] > bound else "minimum"
        words = f"by weight {name} would get {parts[name]}: its {word} is {bound}; {left} left for the others"
        trail.append(Step(word, words, {name: bound}))


def _by_weight(units: int, weights: Mapping[str, int], parts: Mapping[str, int]) -> str:
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    total = sum(weights.values())
    divided = {name: divmod(units * weight, total) for name, weight in weights.items()}
    lines = [
        f"{name} {units} x {weights[name]} / {total} = {whole} rest {rest}" for name, (whole, rest) in divided.items()
    ]
    raised = [name for name, (whole, _) in divided.items() if parts[name] > whole]
    if raised:
        lines.append(f"the largest rests get one more: {', '.join(raised)}")
    return "; ".join(lines)


def _listed(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {part}" for name, part in parts.items())


def _note(trail: Trail, name: str, words: str, figures: Mapping[str, int]) -> None:
    if trail is not None:
        trail.append(Step(name, words, dict(figures)))
