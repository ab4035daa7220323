from inventory.adapters.fixed_policies import FixedPolicies
from inventory.domain.allocation import Policy
from inventory.domain.rules import Rule, RuleBook, Setting
from inventory.domain.stock import Item

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")


def item(sku: str, category: str | None = None) -> Item:
    return Item(sku, is_active=True, on_hand=1, reserved=0, counted_at=None, category=category)


async def test_each_item_is_under_the_rules_of_its_category_and_under_its_demand_where_a_rule_says_so() -> None:
    rules = [Rule("mugs", {Setting("demand_weighted"): True}, category="mugs")]
    demand = {sku: {"saberstore": 100, "amazon": 500, "noon": 400} for sku in ("A", "B")}
    found = await FixedPolicies(RuleBook(POLICY, rules), demand).of([item("A", "mugs"), item("B"), item("C", "mugs")])
    assert {sku: list(policy.weights.values()) for sku, policy in found.items()} == {
        "A": [100, 500, 400],
        "B": [30, 35, 35],
        "C": [30, 35, 35],
    }
