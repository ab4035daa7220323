"""Behaviours of pushing quantities while the marketplace works."""

import dataclasses as dc

from contracts import AppliedStatus, Urgency

from connector_sdk.conformance.deviation import expect
from connector_sdk.conformance.rig import PUSH_POLICY, Rig
from connector_sdk.testing.targets import delivery

_ONE_BY_ONE = dc.replace(PUSH_POLICY, concurrency=1, burst=1)


async def newest_revision_wins(rig: Rig) -> None:
    """An older revision that comes later is not written, neither in one batch nor in the next."""
    await rig.sandbox.put_on_sale("X-A")
    await rig.take_in(delivery("A", 1, 9))
    await rig.push_to_rest()
    await rig.take_in(delivery("A", 3, 3), delivery("A", 2, 7))
    await rig.take_in(delivery("A", 2, 7))
    await rig.push_to_rest()

    writes = await rig.sandbox.writes()
    expect(writes == [("X-A", 9), ("X-A", 3)], f"revisions 1 (9) and 3 (3) were to be written, but {writes} were")
    shown = await rig.sandbox.quantities()
    expect(shown == {"X-A": 3}, f"buyers see {shown}, not the newest quantity")


async def zeros_and_decreases_first(rig: Rig) -> None:
    """What lowers risk goes out before what raises it, in whatever order it came."""
    rig.policy = _ONE_BY_ONE
    await rig.sandbox.put_on_sale(*(f"X-{sku}" for sku in ("more", "few", "less", "oversold", "none")), quantity=5)
    await rig.take_in(
        delivery("more", 1, 9),
        delivery("few", 1, 6),
        delivery("less", 1, 4, urgency=Urgency.DECREASE),
        delivery("oversold", 1, 2, urgency=Urgency.OVERSELL),
        delivery("none", 1, 0),
    )
    await rig.push_to_rest()

    order = [sku for sku, _ in await rig.sandbox.writes()]
    wanted = ["X-none", "X-oversold", "X-less", "X-few", "X-more"]
    expect(order == wanted, f"the writes came as {order}, not as {wanted}")


async def revisions_are_coalesced(rig: Rig) -> None:
    """Of revisions that wait together only the newest is written; each other one is told to be superseded."""
    await rig.sandbox.put_on_sale("X-A")
    await rig.take_in(*(delivery("A", revision, 10 + revision) for revision in range(1, 6)))
    for revision in range(6, 9):
        await rig.take_in(delivery("A", revision, 10 + revision))
    await rig.push_to_rest()

    writes = await rig.sandbox.writes()
    expect(writes == [("X-A", 18)], f"one write of 18 was to do, but {writes} came")
    superseded = [(revision, AppliedStatus.SUPERSEDED) for revision in range(1, 8)]
    wanted = [*superseded, (8, AppliedStatus.ACCEPTED)]
    ends = await rig.ends("A")
    expect(sorted(ends, key=lambda end: end[0] or 0) == wanted, f"the revisions ended as {ends}")


async def one_rejection_stays_alone(rig: Rig) -> None:
    """A line that the marketplace rejects is told with its reason and not repeated; the others go through."""
    good = [f"good-{n}" for n in range(5)]
    await rig.sandbox.put_on_sale(*(f"X-{sku}" for sku in good))
    await rig.sandbox.put_on_sale("X-bad", rejects_writes=True)
    await rig.take_in(*(delivery(sku, 1, 5) for sku in good[:3]), delivery("bad", 1, 5))
    await rig.take_in(*(delivery(sku, 1, 5) for sku in good[3:]))
    await rig.push_to_rest()
    await rig.push(3)

    for sku in good:
        ends = await rig.ends(sku)
        expect(ends == [(1, AppliedStatus.ACCEPTED)], f"{sku} beside a rejected listing was told as {ends}")
    ends = await rig.ends("bad")
    expect(ends == [(1, AppliedStatus.REJECTED)], f"the rejected listing was told as {ends}")
    (told,) = await rig.applied("bad")
    issues = told.issues
    expect(
        issues and all(i.code and i.message for i in issues), "a rejection was told without the marketplace's reason"
    )
    expect(len(await rig.sandbox.writes("X-bad")) == 1, "a rejected revision was sent again")
    shown = await rig.sandbox.quantities()
    wanted = {f"X-{sku}": 5 for sku in good} | {"X-bad": 1}
    expect(shown == wanted, f"buyers see {shown}, not {wanted}")


async def duplicates_change_nothing(rig: Rig) -> None:
    """A target that is delivered again, at once, later, or after a restart, is neither written nor told again."""
    await rig.sandbox.put_on_sale("X-A", "X-B")
    first, second = delivery("A", 1, 9), delivery("A", 2, 4)
    await rig.take_in(first, first)
    await rig.push_to_rest()
    await rig.take_in(first)
    await rig.take_in(second, first, second)
    await rig.push_to_rest()
    await rig.die()
    await rig.take_in(first, second)
    await rig.take_in(delivery("B", 1, 7))
    await rig.push_to_rest()

    writes = await rig.sandbox.writes("X-A")
    expect(writes == [("X-A", 9), ("X-A", 4)], f"two targets were delivered several times and written as {writes}")
    accepted = [end for end in await rig.ends("A") if end[1] is AppliedStatus.ACCEPTED]
    expect(len(accepted) == 2, f"of two targets {len(accepted)} acceptances were told")  # noqa: PLR2004 - first and second
