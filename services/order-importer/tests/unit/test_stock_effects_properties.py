import dataclasses as dc

from contracts import FulfilledBy, MarketplaceOrderReceived, OrderLine, OrderStatus
from hypothesis import given
from hypothesis import strategies as st
from order_importer.order import Order, map_lines, receive
from order_importer.stock_effects import claim_of
from order_importer.testing.samples import NOON, order

REFERENCES = ("1", "2", "3")
SKUS = {("amazon", f"X-{reference}"): f"SKU-{reference}" for reference in REFERENCES}

quantities = st.integers(0, 4)
known_statuses = st.sampled_from([status for status in OrderStatus if status is not OrderStatus.UNKNOWN])


@st.composite
def versions(draw: st.DrawFn, statuses: st.SearchStrategy[OrderStatus]) -> list[MarketplaceOrderReceived]:
    """Versions of one order, oldest first: any quantities and statuses, whichever way they follow each other.

    Line 3 is never shipped, and some versions don't name it.
    """
    lines = st.tuples(_line("1"), _line("2"), _line("3", shipped=st.just(0)))
    return [
        order(
            *draw(lines)[: draw(st.integers(2, 3))],
            at=minute,
            status=draw(statuses),
            fulfilled_by=draw(st.sampled_from(FulfilledBy)),
        )
        for minute in range(draw(st.integers(1, 5)))
    ]


def _line(reference: str, shipped: st.SearchStrategy[int] = quantities) -> st.SearchStrategy[OrderLine]:
    return st.builds(
        OrderLine,
        external_line_id=st.just(reference),
        external_sku=st.just(f"X-{reference}"),
        quantity=quantities,
        quantity_shipped=shipped,
        quantity_cancelled=quantities,
    )


def _due(version: MarketplaceOrderReceived) -> dict[str, int | None]:
    """Net units that a version implies, by line; none for a line that it does not name."""
    due: dict[str, int | None] = dict.fromkeys(REFERENCES, 0)
    for line in version.lines:
        claim = claim_of(version, line)
        due[line.external_line_id] = claim.due if claim else None
    return due


@dc.dataclass
class Ledger:
    """Plays the importer's database and the inventory's log: one order, and each effect by its event id."""

    order: Order = dc.field(default_factory=lambda: Order("amazon", "A-1", NOON))
    effects: dict[tuple[str, str], int] = dc.field(default_factory=dict)
    knows_listings: bool = True

    def deliver(self, version: MarketplaceOrderReceived | None) -> None:
        """Handle a version, or with None the news of every listing."""
        skus = SKUS if version is None or self.knows_listings else {}
        self.knows_listings = self.knows_listings or version is None
        change = map_lines(self.order, skus) if version is None else receive(self.order, version, skus)
        if change is None:
            return
        for line, effect in change.effects:
            assert (line.line_reference, effect.step) not in self.effects
            self.effects[line.line_reference, effect.step] = effect.change_qty
        assert all(0 <= net <= 4 for net in self.nets().values())
        self.order = change.after

    def net(self, reference: str) -> int:
        return -sum(change for (line, _), change in self.effects.items() if line == reference)

    def nets(self) -> dict[str, int]:
        return {reference: self.net(reference) for reference in REFERENCES}


def _deliveries(
    told: list[MarketplaceOrderReceived], *more: None
) -> st.SearchStrategy[list[MarketplaceOrderReceived | None]]:
    """All of it at least once, some of it again, in any order."""
    every = st.permutations([*told, *more])
    return st.builds(
        lambda first, again: [*first, *again], every, st.lists(st.sampled_from([*told, *more]), max_size=6)
    )


@given(st.data())
def test_net_units_are_what_the_newest_version_implies_whatever_came_when_and_how_often(data: st.DataObject) -> None:
    told = data.draw(versions(known_statuses))
    ledger = Ledger()
    for version in data.draw(_deliveries(told)):
        ledger.deliver(version)
    assert ledger.nets() == _due(told[-1])


@given(st.data())
def test_a_listing_that_comes_late_makes_up_for_everything(data: st.DataObject) -> None:
    told = data.draw(versions(known_statuses))
    ledger = Ledger(knows_listings=False)
    for version in data.draw(_deliveries(told, None)):
        ledger.deliver(version)
    assert ledger.nets() == _due(told[-1])
    assert ledger.order.parked_reason is None


@given(st.data())
def test_effects_fit_together_whenever_the_listing_came(data: st.DataObject) -> None:
    """So the inventory, which knows each id once, ends right even if all is replayed into an empty importer."""
    told = data.draw(versions(known_statuses))
    early, late = Ledger(), Ledger(knows_listings=False)
    when = data.draw(st.integers(0, len(told)))
    for version in told:
        early.deliver(version)
    for delivery in [*told[:when], None, *told[when:]]:
        late.deliver(delivery)
    assert late.effects.items() <= early.effects.items()
    assert late.nets() == early.nets()


@given(st.data())
def test_every_unit_that_was_ever_ordered_of_us_is_taken_and_what_comes_back_never_goes_short(
    data: st.DataObject,
) -> None:
    """A cancellation that is told with its sale goes before it, so no buyer's unit is missing in between."""
    line = data.draw(_line("1"))
    version = order(line, status=data.draw(known_statuses))
    change = receive(Order("amazon", "A-1", NOON), version, SKUS)
    assert change is not None
    told = [effect.change_qty for _, effect in change.effects]
    assert told == sorted(told, reverse=True)
    assert -sum(units for units in told if units < 0) == line.quantity


@given(st.data())
def test_unknown_statuses_never_take_or_give_anything(data: st.DataObject) -> None:
    told = data.draw(versions(st.sampled_from(OrderStatus)))
    ledger = Ledger()
    for version in told:
        before = dict(ledger.effects)
        ledger.deliver(version)
        assert version.status is not OrderStatus.UNKNOWN or ledger.effects == before
