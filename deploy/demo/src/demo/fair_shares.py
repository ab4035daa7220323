"""The plain allocation, computed again on its own: what each channel must hold once a product is at rest. Pure."""

from collections.abc import Mapping

from demo.modes import Mode
from demo.scenario import MARKETPLACES

_WEIGHTS = {"saberstore": 30, "amazon": 35, "noon": 35}
_BUFFER_PERCENT = 5
_LENT = 2


def fair_shares(available: int, mode: Mode) -> dict[str, int]:
    """By channel. A storefront that asks first leaves the last units to the marketplaces."""
    units = max(0, available)
    sellable = units - units * _BUFFER_PERCENT // 100
    if mode is Mode.RESERVE and sellable <= _LENT:
        return {"saberstore": 0} | _by_weight(sellable, {channel: _WEIGHTS[channel] for channel in MARKETPLACES})
    return _by_weight(sellable, _WEIGHTS)


def _by_weight(units: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole parts, and one more for the largest rests; where they are equal, for who comes first."""
    total = sum(weights.values())
    parts = {channel: units * weight // total for channel, weight in weights.items()}
    by_rest = sorted(weights, key=lambda channel: -(units * weights[channel] % total))
    for channel in by_rest[: units - sum(parts.values())]:
        parts[channel] += 1
    return parts
