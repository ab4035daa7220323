from inventory.domain.allocation import Policy
from inventory.domain.stock import Item, Offer
from inventory.domain.targets import Urgency, after, plan

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
NOBODY: frozenset[str] = frozenset()


def item(on_hand: int, *offers: Offer, is_active: bool = True) -> Item:
    return Item("SKU", is_active, on_hand, 0, None, offers)


def offer(channel: str, quantity: int = 0, revision: int = 0, *, is_active: bool = True) -> Offer:
    return Offer(channel, f"{channel}-1", is_active, quantity, revision)


def test_a_new_offer_gets_its_first_target_even_if_it_is_zero() -> None:
    [target] = plan(item(0, offer("amazon")), POLICY, NOBODY)
    assert (target.quantity, target.revision) == (0, 1)


def test_an_offer_that_was_never_active_gets_none() -> None:
    assert plan(item(9, offer("amazon", is_active=False)), POLICY, NOBODY) == []


def test_nothing_is_said_where_nothing_changes() -> None:
    stock = item(10, offer("saberstore"), offer("amazon"), offer("noon"))
    assert plan(after(stock, plan(stock, POLICY, NOBODY)), POLICY, NOBODY) == []


def test_a_channel_with_an_order_of_its_own_is_told_again() -> None:
    stock = item(10, offer("saberstore"), offer("amazon"), offer("noon"))
    stock = after(stock, plan(stock, POLICY, NOBODY))
    [target] = plan(stock, POLICY, frozenset({"amazon"}))
    assert (target.offer.channel, target.revision, target.urgency) == ("amazon", 2, Urgency.DECREASE)


def test_a_listing_that_goes_inactive_is_set_to_zero_and_its_share_goes_to_the_others() -> None:
    stock = item(10, offer("saberstore", 3, 4), offer("amazon", 4, 7, is_active=False), offer("noon", 3, 2))
    targets = {target.offer.channel: target for target in plan(stock, POLICY, NOBODY)}
    assert (targets["amazon"].quantity, targets["amazon"].urgency) == (0, Urgency.DECREASE)
    assert sum(after(stock, list(targets.values())).offers[n].quantity for n in range(3)) == 10


def test_an_inactive_product_is_offered_nowhere() -> None:
    targets = plan(item(10, offer("saberstore", 5, 1), offer("noon", 5, 1), is_active=False), POLICY, NOBODY)
    assert {target.quantity for target in targets} == {0}


def test_what_was_oversold_is_the_most_urgent() -> None:
    [target] = plan(item(-1, offer("amazon", 2, 1)), POLICY, NOBODY)
    assert (target.quantity, target.urgency) == (0, Urgency.OVERSELL)


def test_more_stock_is_an_increase() -> None:
    [target] = plan(item(10, offer("amazon", 2, 1)), POLICY, NOBODY)
    assert (target.quantity, target.urgency) == (10, Urgency.INCREASE)
