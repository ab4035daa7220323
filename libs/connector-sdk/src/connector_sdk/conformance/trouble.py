"""Behaviours of a connector whose marketplace is in trouble, or refuses it."""

import functools
from collections.abc import Sequence

import httpx
import structlog
from contracts import AppliedStatus, ChannelState

from connector_sdk.conformance.deviation import expect
from connector_sdk.conformance.rig import Rig
from connector_sdk.testing.database import ACCOUNT
from connector_sdk.testing.targets import delivery

_HURRY = "update pushes set next_attempt_at = now() where next_attempt_at > now()"
_TOO_MANY = 429
_FULL_STORM = 12


async def unknown_is_never_repeated_above_zero(rig: Rig) -> None:
    """A write that was applied although no answer came is told as unknown and sent once; only zero is repeated."""
    await rig.sandbox.put_on_sale("X-late", "X-failed", "X-zero", "X-warm", quantity=3)
    await _warm_up(rig)
    await _push_without_answers(rig)
    await rig.until(functools.partial(_shows, rig, "X-late", 7), "the write that timed out was never applied")
    await rig.sandbox.faults(error_rate=1)
    await rig.take_in(delivery("failed", 1, 8))
    await rig.until(functools.partial(_ends_or_repeats, rig, "failed"), "nothing is told of a write that failed")
    await rig.sandbox.faults()
    await rig.database.run(_HURRY)
    await rig.push_to_rest()

    for sku, quantity in (("late", 7), ("failed", 8)):
        writes = await rig.sandbox.writes(f"X-{sku}")
        expect(writes == [(f"X-{sku}", quantity)], f"a raise without a dependable answer was sent as {writes}")
        ends = await rig.ends(sku)
        expect(ends == [(1, AppliedStatus.UNKNOWN)], f"a write without a dependable answer was told as {ends}")
        (told,) = await rig.applied(sku)
        expect(told.may_go_live_until is not None, "an unknown outcome is told without the time until it may go live")
    expect((await rig.ends("zero"))[-1:] == [(1, AppliedStatus.ACCEPTED)], "a zero without an answer was not repeated")
    await rig.database.follow_up()
    await rig.database.run(_HURRY)
    await rig.push_to_rest()
    expect((await rig.ends("late"))[-1] == (2, AppliedStatus.ACCEPTED), "a revision behind an unknown one is stuck")


async def throttling_slows_down_and_loses_nothing(rig: Rig) -> None:
    """429 is proof that nothing was applied: the connector goes slower and sends the same revision again."""
    skus = [f"sku-{n}" for n in range(6)]
    await rig.sandbox.put_on_sale(*(f"X-{sku}" for sku in skus), "X-warm")
    await rig.sandbox.order("X-warm")
    await _warm_up(rig)
    await rig.sandbox.faults(throttle_rate=1)
    await rig.take_in(*(delivery(sku, 1, 5) for sku in skus))

    async def storm_is_over() -> bool:
        await rig.push()
        is_full = (await rig.sandbox.statuses()).count(_TOO_MANY) >= _FULL_STORM
        return is_full or await _has_any_ended(rig, skus)

    await rig.until(storm_is_over, "a throttled write is not tried again")
    await rig.read(2)
    expect(rig.rate < rig.policy.rate, f"after {_FULL_STORM} times 429 it still makes {rig.rate} calls a second")
    expect(not await rig.watermarks(), "a watermark was told although no page could be read")
    await rig.sandbox.faults()
    await rig.database.run(_HURRY)
    await rig.push_to_rest()

    for sku in skus:
        ends = await rig.ends(sku)
        expect(ends == [(1, AppliedStatus.ACCEPTED)], f"a throttled write was told as {ends}")
    shown = await rig.sandbox.quantities()
    expect(all(shown[f"X-{sku}"] == 5 for sku in skus), f"buyers see {shown} after the storm")  # noqa: PLR2004 - as pushed
    await rig.until(functools.partial(_tells_orders, rig, 1), "an order was lost while reading was throttled")


async def refused_credentials_pause_the_channel(rig: Rig) -> None:
    """While the credentials are refused the channel says so and what to check; it goes on by itself, losing nothing."""
    skus = [f"sku-{n}" for n in range(6)]
    await rig.sandbox.put_on_sale(*(f"X-{sku}" for sku in skus), "X-warm")
    await rig.sandbox.order("X-warm")
    await _warm_up(rig)
    await rig.sandbox.faults(unauthorised=True)
    with structlog.testing.capture_logs() as lines:
        await rig.take_in(*(delivery(sku, 1, 5) for sku in skus))

        async def is_told() -> bool:
            return await _is_unauthorised(rig) or await _has_any_ended(rig, skus)

        await rig.until(is_told, "refused credentials are not told")
        await rig.read(2)
    expect(await _is_unauthorised(rig), "refused credentials are not told as the channel's state")
    refusals = [each for each in await rig.channel_states() if each.state is ChannelState.UNAUTHORISED]
    expect(refusals and refusals[0].last_error, "the refusal is told without the marketplace's reason")
    said = [str(line["event"]) for line in lines if line["log_level"] == "error"]
    expect(
        all(any(name in line for line in said) for name in ACCOUNT.credentials),
        f"the log does not say which credentials to check, only {said}",
    )
    expect(not await rig.watermarks(), "a watermark was told although the orders can't be read")

    await rig.sandbox.faults()
    await rig.push_to_rest()
    for sku in skus:
        ends = await rig.ends(sku)
        expect(ends == [(1, AppliedStatus.ACCEPTED)], f"a target that was refused with the credentials ended as {ends}")
    await rig.until(functools.partial(_tells_orders, rig, 1), "orders are not read again after a refusal")
    expect((await rig.channel_states())[-1].state is ChannelState.ACTIVE, "that the channel works again is not told")


async def everything_arrives_in_spite_of_faults(rig: Rig) -> None:
    """Errors and throttling at random: with the inventory's new revisions every quantity arrives in the end."""
    skus = [f"sku-{n}" for n in range(30)]
    await rig.sandbox.put_on_sale(*(f"X-{sku}" for sku in skus), quantity=50)
    await rig.sandbox.faults(error_rate=0.2, throttle_rate=0.1)
    await rig.take_in(*(delivery(sku, 1, n) for n, sku in enumerate(skus)))

    async def has_all() -> bool:
        await rig.push()
        await rig.database.follow_up()
        await rig.database.run(_HURRY)
        return not await rig.database.rows("select 1 from pushes where state <> 'accepted'")

    await rig.until(has_all, "not every quantity was accepted in the end")
    shown = await rig.sandbox.quantities()
    expect(shown == {f"X-{sku}": n for n, sku in enumerate(skus)}, f"buyers see {shown}")


async def _push_without_answers(rig: Rig) -> None:
    """The marketplace applies what it is sent after the connector has stopped waiting."""
    usual, rig.subject.http.timeout = rig.subject.http.timeout, httpx.Timeout(0.3)
    await rig.sandbox.faults(latency_ms=900)
    await rig.take_in(delivery("late", 1, 7), delivery("zero", 1, 0))
    await rig.until(functools.partial(_ends_or_repeats, rig, "late"), "nothing is told of a write that timed out")
    rig.subject.http.timeout = usual
    await rig.sandbox.faults()


async def _warm_up(rig: Rig) -> None:
    """One write goes through, so that what follows finds the connector at work."""
    await rig.take_in(delivery("warm", 1, 5))
    await rig.push_to_rest()


async def _ends_or_repeats(rig: Rig, sku: str) -> bool:
    await rig.push()
    return bool(await rig.ends(sku)) or len(await rig.sandbox.writes(f"X-{sku}")) > 1


async def _has_any_ended(rig: Rig, skus: Sequence[str]) -> bool:
    return any([await rig.ends(sku) for sku in skus])


async def _is_unauthorised(rig: Rig) -> bool:
    await rig.push()
    return any(each.state is ChannelState.UNAUTHORISED for each in await rig.channel_states())


async def _shows(rig: Rig, external_sku: str, quantity: int) -> bool:
    return (await rig.sandbox.quantities())[external_sku] == quantity


async def _tells_orders(rig: Rig, count: int) -> bool:
    await rig.read()
    return len(await rig.orders()) == count
