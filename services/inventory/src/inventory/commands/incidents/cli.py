"""`mizan incidents`: where more was or may be sold than there is, and why."""

import itertools
import json
import os
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="incidents",
    help="Where more was or may be sold than there is, and why. Reads INVENTORY_URL and API_KEY.",
    epilog="Example: mizan incidents list",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _incidents() -> None:
    """Keep `list` a command of its own."""


@app.command("list", epilog="Example: mizan incidents list --sku SKU-1 --all --json")
def list_incidents(
    sku: Annotated[str | None, typer.Option("--sku", help="Only incidents of this SKU.")] = None,
    even_resolved: Annotated[bool, typer.Option("--all", help="Those that are resolved too.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many, the oldest first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the open incidents. Exit code: 0 none is open, 1 some are or the inventory is away, 2 wrong use."""
    from inventory.commands import client, failures  # noqa: PLC0415 - an HTTP client would slow --help down

    wanted: dict[str, Any] = {"only_open": not even_resolved} | ({"sku": sku} if sku else {})
    with failures.failures_in_one_line(), client.open_inventory(os.environ) as inventory:
        found = client.pages(inventory, "/v1/incidents", wanted, after=lambda last: str(last["id"]))
        incidents = list(itertools.islice(found, limit))
    if as_json:
        typer.echo(json.dumps({"incidents": incidents}, ensure_ascii=False))
    else:
        for incident in incidents:
            typer.echo(_line(incident))
    if any(incident["resolved_at"] is None for incident in incidents):
        raise typer.Exit(1)


def _line(incident: dict[str, Any]) -> str:
    told = (incident["raised_at"], incident["sku"], incident["channel"] or "-", incident["cause"])
    state = "open" if incident["resolved_at"] is None else f"resolved {incident['resolved_at']}"
    return "\t".join((*told, f"{incident['units']} units", state))
