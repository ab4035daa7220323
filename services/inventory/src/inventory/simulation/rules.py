"""What a simulated policy is: its name, its words, and what the production functions are given."""

import dataclasses as dc
from collections.abc import Callable, Mapping

from inventory.domain.allocation import Policy
from inventory.domain.terms import Terms
from inventory.simulation.marketplace import Manners

PolicyOf = Callable[[str], Policy]
"""The rule of a SKU."""


@dc.dataclass(frozen=True, slots=True)
class GuideRule:
    """Absolute quantities, pushed at each change. `buffer_percent` of what is there, rounded up, is offered nowhere."""

    name: str
    words: str
    policy: Policy
    manners: Mapping[str, Manners]
    buffer_percent: int = 0


@dc.dataclass(frozen=True, slots=True)
class EscrowRule:
    """Bounds that add up to no more than there is. `tail`: of the measured allowance; None is `strict`."""

    name: str
    words: str
    policy_of: PolicyOf
    terms: Terms
    manners: Mapping[str, Manners]
    tail: float | None = None
