"""`make flash-sale`: an hour of a flash sale through the whole system, and how many calls it took at the marketplaces.

60 seconds of the hour pass in one: every duration of the services is a 60th of its default, and so are Amazon's delay
until a quantity is live and its published limits.
"""

import asyncio
import dataclasses as dc
import os
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from local_stack.config import StackConfig
from local_stack.errors import StackError
from local_stack.ports import require_free
from local_stack.programs import DEFAULT_API_KEY
from local_stack.signals import cancelled_by_signals
from local_stack.stack import Stack

from demo.day import Pace, Running, live_through
from demo.house import SERVICES, House, open_house
from demo.report import Progressing, Summary, console, show
from demo.sales import SaleLine
from demo.scenario import Product, Purchase, Scenario, Stock

TIME_SCALE = 60
SALES, PRODUCTS, SECONDS = 6000, 20, 3600
MOST_CALLS = 400
_SHARES = {"saberstore": 0.4, "amazon": 0.4, "noon": 0.2}
_STOCK_SHARE = 0.8
_AMAZON = {"time_scale": TIME_SCALE, "limit_scale": 1, "live_delay_s": [30, 300], "order_lag_s": 120}
_NOON = {"time_scale": TIME_SCALE, "limit_scale": 1, "live_delay_s": [1, 10]}
_SECONDS = {
    "AMAZON_ORDER_POLL_SECONDS": 180,
    "NOON_ORDER_POLL_SECONDS": 60,
    "NOON_ORDER_VISIBILITY_SECONDS": 120,
    "ORDER_OVERLAP_SECONDS": 600,
    "AMAZON_LIVE_CEILING_SECONDS": 600,
    "NOON_LIVE_CEILING_SECONDS": 60,
    "READ_BACK_SECONDS": 60,
    "CONVERGE_AFTER_SECONDS": 1800,
    "STOREFRONT_LAG_SECONDS": 30,
    "STOREFRONT_MARGIN_SECONDS": 30,
    "AMAZON_SETTLE_SECONDS": 600,
    "NOON_SETTLE_SECONDS": 180,
    "PUT_BACK_SECONDS": 60,
    "FIRST_READING_SECONDS": 600,
}
"""In the hour's seconds. Convergence comes after half an hour instead of six, so that the run ends; it costs calls."""
_RATES = {"AMAZON_PUSH_RATE": 5, "NOON_PUSH_RATE": 20, "AMAZON_READ_RATE": 2}


def settings() -> dict[str, str]:
    """The services' variables."""
    seconds = {name: f"{value / TIME_SCALE:.3f}" for name, value in _SECONDS.items()}
    return seconds | {name: str(value * TIME_SCALE) for name, value in _RATES.items()}


def plan(seed: int = 1) -> Scenario:
    """Single units, spread evenly over the products; there are fewer than buyers want."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable hour, nothing secret
    names = [f"flash-{number:02d}" for number in range(PRODUCTS)]
    channels = chance.choices(list(_SHARES), list(_SHARES.values()), k=SALES)
    wanted = [(channel, chance.choice(names)) for channel in channels]
    own = [sku for channel, sku in wanted if channel == "saberstore"]
    lines = tuple(SaleLine(f"flash-{number}", 1, sku, sku, 1, "100.00") for number, sku in enumerate(own))
    purchases = tuple(Purchase(channel, sku, 1, "unshipped", 0) for channel, sku in wanted if channel != "saberstore")
    opening = round(SALES / PRODUCTS * _STOCK_SHARE)
    return Scenario(tuple(Product(sku, sku, "100.00", opening) for sku in names), lines, purchases)


def main() -> None:
    """Exit code 0: all proven, with few calls. 1: not so. 2: it could not be run."""
    try:
        summary, calls = asyncio.run(_run())
    except StackError as error:
        print(f"flash-sale: {error}", file=sys.stderr)  # noqa: T201 - a command
        sys.exit(2)
    show(console(), summary)
    print(f"flash-sale: quantities written {calls}, at most {MOST_CALLS} allowed at Amazon")  # noqa: T201 - a command
    sys.exit(0 if summary.ok and calls["amazon"] <= MOST_CALLS else 1)


async def _run() -> tuple[Summary, dict[str, int]]:
    with cancelled_by_signals(), Progressing(console()) as progress:
        config = StackConfig.from_environment(os.environ, folder=_folder())
        config = dc.replace(config, extra_environment=settings(), throwaway=True)
        require_free(config.own_ports())
        shutil.rmtree(config.folder, ignore_errors=True)
        async with Stack(config, progress.say) as stack:
            urls = {name: stack.url(name) for name in (*SERVICES, "control", "sandbox-amazon", "sandbox-noon")}
            async with open_house(urls, os.environ.get("API_KEY", DEFAULT_API_KEY)) as house:
                await house.put_faults("amazon", _AMAZON)
                await house.put_faults("noon", _NOON)
                scenario = plan()
                pace = Pace(f"{time.time_ns():x}", len(scenario.lines) * TIME_SCALE / SECONDS, stock=Stock.SCARCE)
                summary = await live_through(scenario, Running(house, stack.bootstrap_servers, dict), pace, progress)
                return summary, await _quantity_calls(house, progress)


def _folder() -> Path:
    return Path("var/flash-sale-stack").resolve()


async def _quantity_calls(house: House, progress: Progressing) -> dict[str, int]:
    """Writes that were carried out, from the first listing to the end."""
    calls: dict[str, list[dict[str, Any]]] = {channel: await house.calls(channel) for channel in ("amazon", "noon")}
    throttled = {channel: sum(call["status"] == 429 for call in each) for channel, each in calls.items()}  # noqa: PLR2004 - HTTP
    progress.say(f"throttled: {throttled}")
    return {
        channel: sum(call["quantity"] is not None and call["status"] < 300 for call in each)  # noqa: PLR2004 - HTTP
        for channel, each in calls.items()
    }


if __name__ == "__main__":
    main()
