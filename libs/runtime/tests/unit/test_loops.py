import asyncio

import pytest
from runtime.loops import Loop


async def test_a_loop_repeats_until_it_is_stopped() -> None:
    rounds = 0

    async def step() -> float:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            loop.stop()
        return 0

    loop = Loop("test", step)
    await asyncio.wait_for(loop.run(), 5)
    assert rounds == 3


async def test_a_waiting_loop_wakes_at_once() -> None:
    entered = asyncio.Event()

    async def step() -> float:
        entered.set()
        return 3600

    loop = Loop("test", step)
    running = asyncio.create_task(loop.run())
    await entered.wait()
    entered.clear()
    loop.wake()
    await asyncio.wait_for(entered.wait(), 5)
    loop.stop()
    await asyncio.wait_for(running, 5)


async def test_a_wake_during_a_round_is_not_lost() -> None:
    rounds = 0

    async def step() -> float:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            loop.wake()
        else:
            loop.stop()
        return 3600

    loop = Loop("test", step)
    await asyncio.wait_for(loop.run(), 5)
    assert rounds == 2


async def test_a_transient_failure_is_tried_again_and_shown_meanwhile() -> None:
    failing = asyncio.Event()
    may_recover = asyncio.Event()

    async def step() -> float:
        if not may_recover.is_set():
            failing.set()
            raise ConnectionRefusedError("away")
        loop.stop()
        return 0

    loop = Loop("test", step)
    running = asyncio.create_task(loop.run())
    await failing.wait()
    await asyncio.sleep(0)
    check = await loop.check()
    assert (check.ok, check.detail) == (False, "retrying: ConnectionRefusedError: away")
    may_recover.set()
    await asyncio.wait_for(running, 5)
    assert (await loop.check()).ok


async def test_a_bug_ends_the_loop_with_its_error() -> None:
    async def step() -> float:
        raise KeyError("sku")

    with pytest.raises(KeyError):
        await Loop("test", step).run()
