"""What a policy did."""

import dataclasses as dc
import math
from collections.abc import Sequence
from typing import Any


@dc.dataclass(frozen=True, slots=True)
class Oversale:
    """A unit was sold that did not exist. `at`: seconds since the first buyer could come."""

    sku: str
    channel: str
    at: float
    why: str

    def as_json(self) -> dict[str, Any]:
        return {"sku": self.sku, "channel": self.channel, "at_s": round(self.at, 1), "why": self.why}


@dc.dataclass(slots=True)
class Result:
    """`oversold`: units sold that did not exist. `refused`: buyers turned away while a unit was truly in stock.

    `calls` set a quantity, `reads` read one back. `waits`: how long those of the storefront's buyers waited who had to
    and got their unit, in seconds; `own_sales`: all sales of the storefront. `oversales` explains what was oversold,
    under escrow. `must_not_oversell`: it promises never to.
    """

    policy: str
    rule: str
    must_not_oversell: bool = False
    oversold: int = 0
    refused: int = 0
    sold: int = 0
    channel_calls: dict[str, int] = dc.field(default_factory=dict)
    reads: int = 0
    own_sales: int = 0
    waits: list[float] = dc.field(default_factory=list)
    oversales: list[Oversale] = dc.field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "rule": self.rule,
            "oversold": self.oversold,
            "refused": self.refused,
            "sold": self.sold,
            "calls": self.calls,
            "channel_calls": self.channel_calls,
            "reads": self.reads,
            "waited_share": round(self.waited_share, 4),
            "wait_s": {"p50": percentile(self.waits, 0.5), "p99": percentile(self.waits, 0.99)},
            "oversales": [oversale.as_json() for oversale in self.oversales],
        }

    @property
    def calls(self) -> int:
        """Calls that set a quantity, at every marketplace."""
        return sum(self.channel_calls.values())

    @property
    def waited_share(self) -> float:
        """The part of the storefront's sales whose buyer had to wait."""
        return len(self.waits) / self.own_sales if self.own_sales else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank; 0 where there is no value."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 1)
