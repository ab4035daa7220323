"""What a change of rules would do to the allocation of the whole catalogue, without changing anything."""

import dataclasses as dc
from collections import Counter

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters.catalogue_chunks import Entry, chunks
from inventory.domain.allocation import Allocation, allocate
from inventory.domain.demand import by_demand
from inventory.domain.rules import RuleBook
from inventory.handlers.change_rules import Proposal


@dc.dataclass(frozen=True, slots=True)
class Difference:
    """One SKU whose allocation would change, as it is and as it would be."""

    sku: str
    before: Allocation
    after: Allocation


@dc.dataclass(slots=True)
class Preview:
    """Totals over all SKUs concerned, and the first differences after the SKU asked for.

    `before` and `after` are units by channel, with those that stay `unallocated` and those kept back as `buffer`.
    """

    concerned: int = 0
    changed: int = 0
    before: Counter[str] = dc.field(default_factory=Counter)
    after: Counter[str] = dc.field(default_factory=Counter)
    differences: list[Difference] = dc.field(default_factory=list)
    more: bool = False


async def preview_rules(proposal: Proposal, connection: AsyncConnection, *, after: str, limit: int) -> Preview:
    """At most `limit` differences, of SKUs behind `after`; the totals are always those of all SKUs."""
    preview = Preview()
    async for entries in chunks(connection, proposal.concerned, proposal.before.default):
        for entry in entries:
            before, changed = _allocation(entry, proposal.before), _allocation(entry, proposal.after)
            preview.concerned += 1
            _count(preview.before, before)
            _count(preview.after, changed)
            if before.units != changed.units:
                preview.changed += 1
                if entry.sku > after:
                    _keep(preview, Difference(entry.sku, before, changed), limit)
    return preview


def _allocation(entry: Entry, rules: RuleBook) -> Allocation:
    policy, _ = rules.effective(entry.sku, entry.category)
    return allocate(entry.available, entry.active, by_demand(policy, entry.demand))


def _count(totals: Counter[str], allocation: Allocation) -> None:
    for channel, units in allocation.units.items():
        totals[channel] += units
    totals["unallocated"] += allocation.unallocated
    totals["buffer"] += allocation.buffer


def _keep(preview: Preview, difference: Difference, limit: int) -> None:
    if len(preview.differences) < limit:
        preview.differences.append(difference)
    else:
        preview.more = True
