"""A file of listings through `mizan listings import`, bad rows among the good ones."""

import asyncio
import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from inventory.listing_file import COLUMNS
from local_stack.programs import DEFAULT_API_KEY
from local_stack.stack import Stack
from runtime.backlog import outbox_backlog
from runtime.database import create_engine
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_CHANNELS = ("amazon", "noon")
_PRODUCTS = text("""
insert into products (sku, title, is_active, on_hand, changed_at)
select 'SKU-' || n, 'Product ' || n, true, 100, now() from generate_series(0, :last) as n
""")
_LISTED = text("select count(*) from marketplace_listings")


async def measure(stack: Stack, *, rows: int, bad: int) -> dict[str, Any]:
    """Import `rows` listings, of which `bad` are bad, into the inventory of an empty `stack`; then again."""
    engine = create_engine(stack.database_url, "inventory")
    try:
        with tempfile.TemporaryDirectory(prefix="mizan-bench-") as folder:
            file = Path(folder) / "listings.csv"
            write(file, rows, bad)
            return await _import(stack, engine, file, rows, bad)
    finally:
        await engine.dispose()


def write(file: Path, rows: int, bad: int) -> None:
    """`rows` rows for as many listings, of which `bad`, spread evenly, name no product, no channel or a taken SKU."""
    every = rows // bad if bad else rows + 1
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        for number in range(rows):
            sku, channel = f"SKU-{number // len(_CHANNELS)}", _CHANNELS[number % len(_CHANNELS)]
            external = f"{channel}-{number}"
            if number % every == every - 1 and number // every < bad:
                spoilt = (
                    (f"NOPE-{number}", channel, external),
                    (sku, "ebay", external),
                    (sku, channel, f"{channel}-{number % 2}"),
                )
                sku, channel, external = spoilt[number // every % len(spoilt)]
            writer.writerow((sku, channel, external, "", f"https://example.com/{external}", "true"))


async def _import(stack: Stack, engine: AsyncEngine, file: Path, rows: int, bad: int) -> dict[str, Any]:
    async with engine.begin() as connection:
        await connection.execute(_PRODUCTS, {"last": rows // len(_CHANNELS)})
    seconds, first = await _mizan(stack, file)
    drained = await _until_sent(engine)
    again_seconds, again = await _mizan(stack, file)
    async with engine.connect() as connection:
        listed = (await connection.execute(_LISTED)).scalar_one()
    expected = (rows, rows - bad, bad, rows - bad, rows - bad)
    found = (first["rows"], first["changed"], len(first["bad"]), listed, again["unchanged"])
    if found != expected:
        raise RuntimeError(f"the import was not right, so it was not timed: {found} instead of {expected}")
    return {
        "rows": rows,
        "bad": bad,
        "seconds": round(seconds, 1),
        "rows_a_second": round(rows / seconds),
        "until_every_event_is_in_kafka": round(seconds + drained, 1),
        "seconds_for_the_same_file_again": round(again_seconds, 1),
    }


async def _mizan(stack: Stack, file: Path) -> tuple[float, dict[str, Any]]:
    """How many seconds the command took, and its report."""
    environment = {**os.environ, "API_KEY": DEFAULT_API_KEY, "INVENTORY_URL": stack.url("inventory")}
    command = Path(sys.executable).with_name("mizan")
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        command, "listings", "import", file, "--json", env=environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    report: dict[str, Any] = json.loads(printed)
    return time.perf_counter() - started, report


async def _until_sent(engine: AsyncEngine) -> float:
    """The seconds until the outbox is empty."""
    started = time.perf_counter()
    while True:
        if not (await outbox_backlog(engine)).rows:
            return time.perf_counter() - started
        await asyncio.sleep(0.1)
