"""The proof must be able to fail: each kind of wrong is planted once."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from contracts import AppliedStatus
from demo.buyers import Bought
from demo.checks import Found, Verdict, judge, orders_astray
from demo.parcels import Parcel
from demo.sales import SaleLine
from demo.scenario import Product, Scenario

SCENARIO = Scenario(products=(Product("A", "A", "1", 100),), lines=(SaleLine("I", 1, "A", "", 5, "1"),), purchases=())
PUBLISHED = {"s1": ("A", -5)}
BOUGHT = [Bought("amazon", "O1", "A", 2, 0), Bought("noon", "O2", "A", 3, 1)]
Plant = Callable[[dict[str, Any]], None]


def right() -> dict[str, Any]:
    """What a system that works would answer: 100 - 5 - 2 - 3 + 1 = 91, of which 4 are kept back."""
    moves = [
        ("opening", None, None, 100),
        ("s1", "saberstore", "I", -5),
        ("o1", "amazon", "O1", -2),
        ("o2", "noon", "O2", -3),
        ("c2", "noon", "O2", 1),
    ]
    logs, after = [], 0
    for number, (event_id, channel, reference, change) in enumerate(moves):
        logs.append(
            {
                "id": number,
                "sku": "A",
                "event_id": event_id,
                "channel": channel,
                "reference": reference,
                "change_qty": change,
                "before_qty": after,
                "after_qty": after + change,
            }
        )
        after += change
    channels = {"saberstore": {"target": 26}, "amazon": {"target": 31}, "noon": {"target": 30}}
    return {
        "stock": {"A": {"on_hand": 91, "available": 91, "channels": channels}},
        "logs": logs,
        "orders": [_order("amazon", "O1", "shipped", 2, 0), _order("noon", "O2", "unshipped", 3, 1)],
        "shown": {"amazon": {"AM-A": 31}, "noon": {"NO-A": 30}},
        "prices": {
            "A": {
                "saberstore": {"price": "1.00", "applied_status": None},
                "amazon": {"price": "1.18", "applied_status": "live"},
                "noon": {"price": "1.18", "applied_status": "unsupported"},
            }
        },
        "parcels": [
            Parcel("amazon", "O1", 2, {"1": AppliedStatus.UNKNOWN, "2": AppliedStatus.ACCEPTED}),
            Parcel("noon", "O2", 2, {"3": AppliedStatus.UNSUPPORTED}),
        ],
        "shipped": {("amazon", "O1"): 2, ("noon", "O2"): 0},
        "charged": {"amazon": {"AM-A": "1.18"}, "noon": {"NO-A": "100.00"}},
    }


def _order(source: str, order_id: str, status: str, quantity: int, cancelled: int) -> dict[str, Any]:
    line = {"sku": "A", "quantity": quantity, "quantity_cancelled": cancelled}
    return {"source": source, "external_order_id": order_id, "status": status, "lines": [line]}


def verdict_of(facts: dict[str, Any]) -> Verdict:
    return judge(SCENARIO, PUBLISHED, BOUGHT, Found(**facts))


def test_a_right_system_passes() -> None:
    verdict = verdict_of(right())
    assert verdict.differences == []
    assert verdict.ok
    assert (verdict.lost, verdict.doubled, verdict.oversold_units) == (0, 0, 0)
    assert verdict.shipments == {"confirmed": 1, "unsupported": 1, "failed": 0}


def test_a_parcel_without_an_answer_has_failed() -> None:
    facts = right()
    facts["parcels"][0].told = {"1": AppliedStatus.UNKNOWN}
    assert verdict_of(facts).shipments == {"confirmed": 0, "unsupported": 1, "failed": 1}


def _lose_a_sale(facts: dict[str, Any]) -> None:
    del facts["logs"][1]


def _double_a_sale(facts: dict[str, Any]) -> None:
    facts["logs"].insert(2, copy.deepcopy(facts["logs"][1]))


def _invent_a_sale(facts: dict[str, Any]) -> None:
    facts["logs"].append({**facts["logs"][1], "id": 9, "event_id": "ghost"})


def _lose_an_order(facts: dict[str, Any]) -> None:
    del facts["logs"][2]


def _double_an_order(facts: dict[str, Any]) -> None:
    facts["logs"].append({**facts["logs"][2], "id": 9, "event_id": "again"})


def _forget_a_cancellation(facts: dict[str, Any]) -> None:
    del facts["logs"][4]


def _break_on_hand(facts: dict[str, Any]) -> None:
    facts["stock"]["A"]["on_hand"] = 90


def _break_the_chain(facts: dict[str, Any]) -> None:
    facts["logs"][3]["before_qty"] += 1


def _show_too_much(facts: dict[str, Any]) -> None:
    facts["shown"]["amazon"]["AM-A"] = 32


def _show_nothing(facts: dict[str, Any]) -> None:
    facts["shown"]["noon"] = {}


def _strand_a_unit(facts: dict[str, Any]) -> None:
    facts["stock"]["A"]["channels"]["saberstore"]["target"] = 25


def _move_a_unit_to_another_channel(facts: dict[str, Any]) -> None:
    facts["stock"]["A"]["channels"]["saberstore"]["target"] -= 1
    facts["stock"]["A"]["channels"]["noon"]["target"] += 1
    facts["shown"]["noon"]["NO-A"] += 1


def _hold_more_than_there_is(facts: dict[str, Any]) -> None:
    for channel, bound in (("saberstore", 27), ("amazon", 33), ("noon", 32)):
        facts["stock"]["A"]["channels"][channel]["bound"] = bound


def _miss_an_import(facts: dict[str, Any]) -> None:
    del facts["orders"][1]


def _import_twice(facts: dict[str, Any]) -> None:
    facts["orders"].append(copy.deepcopy(facts["orders"][0]))


def _import_the_wrong_sku(facts: dict[str, Any]) -> None:
    facts["orders"][0]["lines"][0]["sku"] = "B"


def _call_it_cancelled(facts: dict[str, Any]) -> None:
    facts["orders"][1]["status"] = "cancelled"


@pytest.mark.parametrize(
    ("plant", "lost", "doubled"),
    [
        (_lose_a_sale, 1, 0),
        (_double_a_sale, 0, 1),
        (_invent_a_sale, 0, 1),
        (_lose_an_order, 1, 0),
        (_double_an_order, 0, 1),
        (_forget_a_cancellation, 0, 1),
    ],
)
def test_what_is_lost_or_doubled_is_counted(plant: Plant, lost: int, doubled: int) -> None:
    facts = right()
    plant(facts)
    verdict = verdict_of(facts)
    assert (verdict.lost, verdict.doubled) == (lost, doubled)
    assert not verdict.ledger_ok
    assert not verdict.ok


def _lose_a_confirmation(facts: dict[str, Any]) -> None:
    facts["parcels"][0].told.clear()


def _reject_a_parcel(facts: dict[str, Any]) -> None:
    facts["parcels"][0].told["2"] = AppliedStatus.REJECTED


def _confirm_a_parcel_twice(facts: dict[str, Any]) -> None:
    facts["parcels"][0].told["4"] = AppliedStatus.ACCEPTED


def _be_silent_at_noon(facts: dict[str, Any]) -> None:
    facts["parcels"][1].told.clear()


def _ship_too_little(facts: dict[str, Any]) -> None:
    facts["shipped"]["amazon", "O1"] = 1


def _miss_that_it_was_shipped(facts: dict[str, Any]) -> None:
    facts["orders"][0]["status"] = "unshipped"


def _charge_another_price(facts: dict[str, Any]) -> None:
    facts["charged"]["amazon"]["AM-A"] = "1.17"


def _leave_a_price_unconfirmed(facts: dict[str, Any]) -> None:
    facts["prices"]["A"]["amazon"]["applied_status"] = "accepted"


@pytest.mark.parametrize(
    ("plant", "flag"),
    [
        (_charge_another_price, "prices_ok"),
        (_leave_a_price_unconfirmed, "prices_ok"),
        (_lose_a_confirmation, "shipments_ok"),
        (_reject_a_parcel, "shipments_ok"),
        (_confirm_a_parcel_twice, "shipments_ok"),
        (_be_silent_at_noon, "shipments_ok"),
        (_ship_too_little, "shipments_ok"),
        (_miss_that_it_was_shipped, "shipments_ok"),
        (_break_on_hand, "ledger_ok"),
        (_break_the_chain, "ledger_ok"),
        (_show_too_much, "marketplaces_ok"),
        (_show_nothing, "marketplaces_ok"),
        (_strand_a_unit, "marketplaces_ok"),
        (_move_a_unit_to_another_channel, "marketplaces_ok"),
        (_hold_more_than_there_is, "marketplaces_ok"),
        (_miss_an_import, "orders_ok"),
        (_import_twice, "orders_ok"),
        (_import_the_wrong_sku, "orders_ok"),
        (_call_it_cancelled, "orders_ok"),
    ],
)
def test_what_is_wrong_is_named(plant: Plant, flag: str) -> None:
    facts = right()
    plant(facts)
    verdict = verdict_of(facts)
    names = ("ledger_ok", "marketplaces_ok", "orders_ok", "prices_ok", "shipments_ok")
    flags = {name: getattr(verdict, name) for name in names}
    assert flags == {name: name != flag for name in flags}
    assert len(verdict.differences) >= 1


def test_units_sold_below_zero_are_counted() -> None:
    facts = right()
    for log in facts["logs"]:
        log["before_qty"] -= 95
        log["after_qty"] -= 95
    assert verdict_of(facts).oversold_units == 5


def test_an_incident_is_a_difference() -> None:
    facts = right()
    incident = {"sku": "A", "channel": "saberstore", "cause": "storefront-beyond-its-share", "units": 2}
    facts["incidents"] = [incident, incident | {"sku": "of another day"}]
    verdict = verdict_of(facts)
    assert verdict.incidents == 1
    assert not verdict.ok


def test_an_order_is_astray_until_the_ledger_has_all_that_happened_to_it() -> None:
    logs = right()["logs"]
    assert orders_astray(BOUGHT, logs) == []
    [before_the_cancellation] = orders_astray(BOUGHT, logs[:-1])
    assert before_the_cancellation == "noon order O2: the ledger has -3 units, it should be -2"
    assert len(orders_astray(BOUGHT, [])) == 2
