"""`mizan fees`: what a marketplace says that it keeps of each sale, and making prices by it."""

import json
import os
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="fees",
    help="What a marketplace keeps of each sale. Reads AMAZON_CONNECTOR_URL, INVENTORY_URL and API_KEY.",
    epilog="Example: mizan fees import --dry-run",
    no_args_is_help=True,
    add_completion=False,
)
Channel = Annotated[str, typer.Option("--channel", help="Whose fees.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_RULES_A_CALL = 1000


@app.command("list", epilog="Example: mizan fees list --json")
def list_fees(channel: Channel = "amazon", as_json: AsJson = False) -> None:
    """Print the newest estimate of each SKU. Exit code: 0 good, 1 some have none, 2 wrong use."""
    from inventory.commands import failures  # noqa: PLC0415 - an HTTP client would slow --help down
    from inventory.commands.fees import estimates  # noqa: PLC0415 - the same

    with failures.failures_in_one_line():
        found = list(estimates.read_estimates(os.environ, channel))
    if as_json:
        typer.echo(json.dumps({"fees": found}, ensure_ascii=False))
    else:
        for each in found:
            typer.echo(_line(each))
    if any(each["estimate"] is None for each in found):
        raise typer.Exit(1)


@app.command("import", epilog="Example: mizan fees import --dry-run")
def import_fees(
    channel: Channel = "amazon",
    max_age_hours: Annotated[float, typer.Option("--max-age-hours", min=0, help="Leave out older estimates.")] = 48,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a price rule with its fees for each SKU. Exit code: 0 good, 1 some were left out, 2 wrong use."""
    from inventory.commands import client, failures  # noqa: PLC0415 - an HTTP client would slow --help down
    from inventory.commands.fees import estimates, importing  # noqa: PLC0415 - the same

    with failures.failures_in_one_line(), client.open_inventory(os.environ) as inventory:
        rules = inventory.call("GET", "/v1/price-rules")["rules"]
        found = estimates.read_estimates(os.environ, channel)
        plan = importing.plan(found, rules, channel, max_age_hours * 3600)
        for start in range(0, 0 if dry_run else len(plan.put), _RULES_A_CALL):
            inventory.call("POST", "/v1/price-rules", json={"put": plan.put[start : start + _RULES_A_CALL]})
    if as_json:
        told = {"put": plan.put, "unchanged": plan.unchanged, "skipped": plan.skipped, "dry_run": dry_run}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        for sku, reason in plan.skipped.items():
            typer.echo(f"left out\t{sku}\t{reason}")
        written = "would be written" if dry_run else "written"
        typer.echo(f"{len(plan.put)} rules {written}, {plan.unchanged} as they were, {len(plan.skipped)} left out")
    if plan.skipped:
        raise typer.Exit(1)


def _line(each: dict[str, Any]) -> str:
    found = each["estimate"]
    if found is None:
        return f"{each['sku']}\t-\t{each['error'] or 'no estimate yet'}"
    fees = f"{found['percent']} % + {found['fixed']} {found['currency']}"
    return f"{each['sku']}\t{fees}\tat {found['price']}\t{found['age_seconds']} s old\t{each['error'] or ''}".rstrip()
