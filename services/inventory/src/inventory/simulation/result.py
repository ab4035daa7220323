"""What a policy did."""

import dataclasses as dc
from collections.abc import Sequence
from typing import Any


@dc.dataclass(slots=True)
class Result:
    """`oversold`: units sold that did not exist. `refused`: buyers turned away while a unit was truly in stock.

    `calls` set a quantity, `reads` read one back. `waits`: how long the storefront's buyers waited that had to, in seconds;
    `own_sales`: all sales of the storefront.
    """

    policy: str
    rule: str
    oversold: int = 0
    refused: int = 0
    sold: int = 0
    calls: int = 0
    reads: int = 0
    own_sales: int = 0
    waits: list[float] = dc.field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "rule": self.rule,
            "oversold": self.oversold,
            "refused": self.refused,
            "sold": self.sold,
            "calls": self.calls,
            "reads": self.reads,
            "waited_share": round(len(self.waits) / self.own_sales, 4) if self.own_sales else 0.0,
            "wait_s": {"p50": _percentile(self.waits, 0.5), "p99": _percentile(self.waits, 0.99)},
        }


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest rank."""
    if not values:
        return None
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 1)
