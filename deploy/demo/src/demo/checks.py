"""The proof: everything that must be true at the end, computed from what was done and what is found. Pure."""

import dataclasses as dc
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from demo.buyers import Bought
from demo.fair_shares import fair_shares
from demo.modes import Mode
from demo.parcels import OrderKey, Parcel, fates, parcels_astray
from demo.scenario import MARKETPLACES, Scenario, external_sku


@dc.dataclass(frozen=True, slots=True)
class Found:
    """What the system says at the end."""

    stock: Mapping[str, Any]
    logs: Sequence[Mapping[str, Any]]
    orders: Sequence[Mapping[str, Any]]
    shown: Mapping[str, Mapping[str, int]]
    incidents: Sequence[Mapping[str, Any]] = ()
    prices: Mapping[str, Mapping[str, Any]] = dc.field(default_factory=dict)
    """By SKU and channel, what it is to cost."""
    charged: Mapping[str, Mapping[str, str]] = dc.field(default_factory=dict)
    """By channel and external SKU, what buyers pay there."""
    parcels: Sequence[Parcel] = ()
    shipped: Mapping[OrderKey, int] = dc.field(default_factory=dict)
    """By order, how many units have left, as its marketplace has it."""


@dc.dataclass(slots=True)
class Verdict:
    """`differences` are sentences, in the order in which they were found. `shipments`: parcels by their fate."""

    lost: int = 0
    doubled: int = 0
    oversold_units: int = 0
    incidents: int = 0
    ledger_ok: bool = True
    marketplaces_ok: bool = True
    orders_ok: bool = True
    prices_ok: bool = True
    shipments_ok: bool = True
    shipments: dict[str, int] = dc.field(default_factory=dict)
    differences: list[str] = dc.field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.differences


def judge(
    scenario: Scenario,
    published: Mapping[str, tuple[str, int]],
    bought: Sequence[Bought],
    found: Found,
    mode: Mode = Mode.REPORT,
) -> Verdict:
    """`published`: event id -> (SKU, change) of every sale and return of the storefront."""
    verdict = Verdict()
    skus = {product.sku for product in scenario.products}
    logs = [log for log in found.logs if log["sku"] in skus]
    _count_sales(published, logs, verdict)
    _count_orders(bought, logs, verdict)
    _check_ledger(scenario, published, bought, logs, found.stock, verdict)
    _check_marketplaces(scenario, found, mode, verdict)
    _check_prices(scenario, found, verdict)
    _check_incidents(skus, found.incidents, verdict)
    _check_imported(bought, found.orders, verdict)
    _check_parcels(found, verdict)
    return verdict


def _count_sales(published: Mapping[str, tuple[str, int]], logs: Iterable[Mapping[str, Any]], verdict: Verdict) -> None:
    """Each sale applied exactly once."""
    times = Counter(log["event_id"] for log in logs if log["channel"] == "saberstore")
    for event_id, (sku, change) in published.items():
        if times[event_id] == 0:
            verdict.lost += 1
            verdict.differences.append(f"sale {event_id} of {sku} ({change:+}) is not in the ledger")
        elif times[event_id] > 1:
            verdict.doubled += 1
            verdict.differences.append(f"sale {event_id} of {sku} is in the ledger {times[event_id]} times")
    for event_id in times.keys() - published.keys():
        verdict.doubled += 1
        verdict.differences.append(f"the ledger has a sale {event_id} that nobody made")


def orders_astray(bought: Sequence[Bought], logs: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each marketplace order that did not take its units once and give the cancelled ones back once."""
    return [sentence for _, sentence in _astray(bought, logs)]


def _count_orders(bought: Sequence[Bought], logs: Iterable[Mapping[str, Any]], verdict: Verdict) -> None:
    for missing, sentence in _astray(bought, logs):
        verdict.lost += missing > 0
        verdict.doubled += missing < 0
        verdict.differences.append(sentence)


def _astray(bought: Sequence[Bought], logs: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Each order whose net effect is wrong: how many units too many are left, and the words for it."""
    net: dict[tuple[str, str], int] = defaultdict(int)
    for log in logs:
        if log["channel"] in MARKETPLACES:
            net[log["channel"], log["reference"]] += log["change_qty"]
    expected = {(order.channel, order.order_id): order.cancelled - order.quantity for order in bought}
    found = ((key, net.get(key, 0), expected.get(key, 0)) for key in expected.keys() | net.keys())
    return [
        (has - should, f"{channel} order {order_id}: the ledger has {has:+} units, it should be {should:+}")
        for (channel, order_id), has, should in found
        if has != should
    ]


def _check_ledger(
    scenario: Scenario,
    published: Mapping[str, tuple[str, int]],
    bought: Sequence[Bought],
    logs: Iterable[Mapping[str, Any]],
    stock: Mapping[str, Any],
    verdict: Verdict,
) -> None:
    """On hand is the sum of the log, each row continues the one before, and both are what we expect."""
    expected = {product.sku: product.opening for product in scenario.products}
    for sku, change in published.values():
        expected[sku] += change
    for order in bought:
        expected[order.sku] -= order.quantity - order.cancelled
    after = dict.fromkeys(expected, 0)
    lowest = dict.fromkeys(expected, 0)
    for log in logs:
        sku = log["sku"]
        if log["before_qty"] != after[sku] or log["after_qty"] != after[sku] + log["change_qty"]:
            _fail_ledger(verdict, f"{sku}: log row {log['id']} does not continue from {after[sku]}")
        after[sku] = log["after_qty"]
        lowest[sku] = min(lowest[sku], log["after_qty"])
    verdict.oversold_units = -sum(lowest.values())
    for sku, units in expected.items():
        on_hand = stock.get(sku, {}).get("on_hand")
        if not (on_hand == after[sku] == units):
            _fail_ledger(verdict, f"{sku}: on hand {on_hand}, sum of the log {after[sku]}, expected {units}")


def _fail_ledger(verdict: Verdict, difference: str) -> None:
    verdict.ledger_ok = False
    verdict.differences.append(difference)


def _check_incidents(skus: set[str], incidents: Iterable[Mapping[str, Any]], verdict: Verdict) -> None:
    """Nothing is done on the day that may cause one: nobody edits by hand, and no goods vanish."""
    for incident in incidents:
        if incident["sku"] in skus:
            verdict.incidents += 1
            verdict.differences.append(
                f"{incident['sku']}: incident {incident['cause']} of {incident['units']} units at {incident['channel']}"
            )


def _check_marketplaces(scenario: Scenario, found: Found, mode: Mode, verdict: Verdict) -> None:
    """Each channel is to hold its plain allocation, each marketplace shows it, and the bounds hold no more than is."""
    for product in scenario.products:
        channels = found.stock.get(product.sku, {}).get("channels", {})
        targets = {channel: facts["target"] for channel, facts in channels.items()}
        available = found.stock.get(product.sku, {}).get("available", 0)
        fair = fair_shares(available, mode)
        if dict.fromkeys(fair, 0) | targets != fair:  # a channel that was never to hold anything was never told
            _fail_marketplaces(
                verdict, f"{product.sku}: the targets are {targets}, of {available} available they should be {fair}"
            )
        held = sum(facts.get("bound") or 0 for facts in channels.values())
        if held > max(0, available):
            _fail_marketplaces(verdict, f"{product.sku}: the channels hold {held} of {available} available")
        for channel in MARKETPLACES:
            shows = found.shown[channel].get(external_sku(channel, product.sku))
            if shows != targets.get(channel):
                _fail_marketplaces(verdict, f"{product.sku}: {channel} shows {shows}, allocated {targets.get(channel)}")


def _fail_marketplaces(verdict: Verdict, difference: str) -> None:
    verdict.marketplaces_ok = False
    verdict.differences.append(difference)


def _check_prices(scenario: Scenario, found: Found, verdict: Verdict) -> None:
    """Each marketplace that takes prices charges what it was told to, and is known to."""
    for product in scenario.products:
        for channel in MARKETPLACES:
            facts = found.prices.get(product.sku, {}).get(channel)
            if facts is None or facts["price"] is None or facts["applied_status"] == "unsupported":
                continue
            wanted, status = facts["price"], facts["applied_status"]
            charged = found.charged.get(channel, {}).get(external_sku(channel, product.sku))
            if charged is None or Decimal(charged) != Decimal(wanted) or status != "live":
                verdict.prices_ok = False
                verdict.differences.append(
                    f"{product.sku}: {channel} charges {charged}, told {wanted}, of which is known: {status}"
                )


def _check_imported(bought: Sequence[Bought], orders: Iterable[Mapping[str, Any]], verdict: Verdict) -> None:
    """Each order of the marketplaces was imported exactly once, mapped to our SKU, and no other one was."""
    imported: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for order in orders:
        imported[order["source"], order["external_order_id"]].append(order)
    for want in bought:
        wrong = _difference(want, imported.get((want.channel, want.order_id), []))
        if wrong:
            verdict.orders_ok = False
            verdict.differences.append(f"{want.channel} order {want.order_id}: {wrong}")


def _check_parcels(found: Found, verdict: Verdict) -> None:
    """Each parcel was confirmed once, or is known not to be, and those that were made their orders shipped ones."""
    statuses = {(order["source"], order["external_order_id"]): order["status"] for order in found.orders}
    astray = parcels_astray(found.parcels, found.shipped, statuses)
    verdict.shipments = fates(found.parcels)
    verdict.shipments_ok = not astray
    verdict.differences += astray


def _difference(want: Bought, orders: Sequence[Mapping[str, Any]]) -> str:
    if len(orders) != 1:
        return f"imported {len(orders)} times"
    order = orders[0]
    lines = [(line["sku"], line["quantity"], line["quantity_cancelled"]) for line in order["lines"]]
    if lines != [(want.sku, want.quantity, want.cancelled)]:
        return f"has the lines {lines}, not {[(want.sku, want.quantity, want.cancelled)]}"
    if (order["status"] == "cancelled") != (want.cancelled == want.quantity):
        return f"has the status {order['status']}, with {want.cancelled} of {want.quantity} units cancelled"
    return ""
