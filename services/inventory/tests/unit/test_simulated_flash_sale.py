import random

import pytest
from inventory.domain.rules import RuleBook
from inventory.simulation import policies
from inventory.simulation.demand import Buyer, Demand
from inventory.simulation.rules import EscrowRule

SKUS = [f"sku-{number}" for number in range(20)]
SHARES = {"saberstore": 0.4, "amazon": 0.4, "noon": 0.2}
SALES = 6000
MOST_CALLS = 400


def _hour(stock: float) -> Demand:
    chance = random.Random(1)  # noqa: S311 - a repeatable hour, nothing secret
    names, weights = list(SHARES), list(SHARES.values())
    visits = sorted(
        (chance.random() * 3600, chance.choice(SKUS), chance.choices(names, weights)[0]) for _ in range(SALES)
    )
    return Demand(tuple(Buyer(*visit) for visit in visits), {sku: round(SALES / len(SKUS) * stock) for sku in SKUS})


def _todays_rules() -> EscrowRule:
    return policies.what_if("today", "the rules that hold unless somebody sets others", RuleBook(policies.TODAY, ()))


@pytest.mark.parametrize("stock", [0.8, 1.0, 1.5])
def test_a_flash_sale_of_6000_needs_few_calls_and_oversells_nothing(stock: float) -> None:
    for rule in (_todays_rules(), policies.strict("strict"), policies.rule_of("strict-reclaim")):
        result = policies.run(rule, _hour(stock), seed=1)
        assert result.channel_calls["amazon"] <= MOST_CALLS
        assert result.calls == sum(result.channel_calls.values())
        assert result.oversold == 0
        assert result.sold + result.refused <= SALES
