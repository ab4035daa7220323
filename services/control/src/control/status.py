"""`mizan status`: every service's readiness, as a table or as JSON."""

import asyncio
import dataclasses as dc
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from rich.table import Table
from rich.text import Text

from control.addresses import Address
from control.readiness import Readiness, State, ask

_TIMEOUT_SECONDS = 5.0
"""More than control itself takes to ask the others."""

_STYLES = {State.READY: "green", State.NOT_READY: "yellow", State.NO_ANSWER: "red"}


def ask_all(addresses: Iterable[Address]) -> list[Readiness]:
    """Ask every service at once."""
    return asyncio.run(_ask_all(addresses))


async def _ask_all(addresses: Iterable[Address]) -> list[Readiness]:
    async with httpx.AsyncClient() as client:
        questions = (ask(client, address, timeout_seconds=_TIMEOUT_SECONDS) for address in addresses)
        return list(await asyncio.gather(*questions))


def all_ready(answers: Iterable[Readiness]) -> bool:
    return all(answer.state is State.READY for answer in answers)


def as_json(answers: Sequence[Readiness]) -> str:
    """`{"ready": bool, "services": [{service, url, state, detail, facts: {part: {fact: value}}}]}`."""
    return json.dumps({"ready": all_ready(answers), "services": [dc.asdict(a) for a in answers]}, indent=2)


def as_table(answers: Iterable[Readiness]) -> Table:
    table = Table("service", "state", "details")
    for answer in answers:
        details = [part for part in (answer.detail, _figures(answer.facts)) if part]
        table.add_row(answer.service, Text(answer.state, _STYLES[answer.state]), Text("\n".join(details)))
    return table


def _figures(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures in one line: `outbox: rows 0, oldest seconds 0.0; orders: parked 2`."""
    parts = []
    for part, figures in facts.items():
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
        parts.append(f"{part}: {told}")
    return "; ".join(parts)
