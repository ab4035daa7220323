"""Under escrow: settle what can be settled, move units where they are wanted, and note when to look again."""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from contracts import AnyEvent, SyncRequested, SyncScope
from runtime.work import Work

from inventory.domain import attention, planning
from inventory.domain.allocation import Policy
from inventory.domain.levels import is_at_rest
from inventory.domain.planning import Plan
from inventory.domain.price_waits import PriceGate
from inventory.domain.stock import Item
from inventory.domain.targets import Target
from inventory.domain.terms import Terms
from inventory.handlers.causes import cause_of, event_of
from inventory.handlers.telling import tell
from inventory.ports import Book


class Rebalance:
    """Implements `inventory.handlers.retarget.Retarget`. What is planned is kept in the caller's transaction."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    async def __call__(
        self,
        items: Sequence[Item],
        book: Book,
        work: Work,
        *,
        causes: Mapping[str, AnyEvent] | None = None,
        touched: Mapping[str, AbstractSet[str]] | None = None,
    ) -> list[Target]:
        if not items:
            return []
        known_until, policies = await book.known_until(), await book.policies(items)
        waits = await book.waits(items)
        by_sku = causes or {}
        plans = [
            self._plan(
                _caused(item, by_sku.get(item.sku), work),
                policies[item.sku],
                PriceGate(waits.of(item), work.now, self._terms.price_wait),
                (touched or {}).get(item.sku),
                known_until,
            )
            for item in items
        ]
        plans = [self._ask_for_readings(plan, work) for plan in plans]
        await book.save([plan.item for plan in plans], work.now)
        targets = [target for plan in plans for target in plan.targets]
        caused = {plan.item.sku: event_of(plan.item.cause) for plan in plans if plan.item.cause}
        await book.set_targets(targets, work.now, {sku: event.id for sku, event in caused.items()})
        await book.replan([plan.item for plan in plans])
        resting = {plan.item.sku for plan in plans if is_at_rest(plan.item, self._terms, work.now)}
        tell(targets, work, caused, resting)
        return targets

    def _plan(
        self,
        item: Item,
        policy: Policy,
        gate: PriceGate,
        touched: AbstractSet[str] | None,
        known_until: Mapping[str, dt.datetime],
    ) -> Plan:
        now, again = gate.now, touched or frozenset()
        item = attention.give_up_reading(item, self._terms, now)
        plan = planning.rebalance(gate.closed(item), gate.policy(policy), self._terms, known_until, now, again=again)
        planned = gate.reopened(plan.item, item)
        wake_at = attention.next_look(planned, _earlier(plan.wake_at, gate.look_at()), self._terms, now)
        return dc.replace(plan, item=dc.replace(planned, wake_at=wake_at))

    def _ask_for_readings(self, plan: Plan, work: Work) -> Plan:
        """Ask once where a reading would tell more; the connector answers with one `observed`."""
        item = plan.item
        for offer in item.offers:
            if offer.shelf.needs_reading:
                item = item.having(dc.replace(offer, shelf=dc.replace(offer.shelf, needs_reading=False)))
                if offer.channel != self._terms.storefront:
                    asked = SyncRequested(channel=offer.channel, scope=SyncScope.LISTINGS, sku=item.sku)
                    work.publish(asked, cause=event_of(item.cause) if item.cause else None)
        return plan if item is plan.item else dc.replace(plan, item=item)


def _caused(item: Item, event: AnyEvent | None, work: Work) -> Item:
    return item if event is None else dc.replace(item, cause=cause_of(event, work))


def _earlier(*moments: dt.datetime | None) -> dt.datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
