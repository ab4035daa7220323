"""`mizan listings`: which SKU is which on each channel."""

import itertools
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inventory.commands.listings.importing import Report

app = typer.Typer(
    name="listings",
    help="Which SKU is which on each channel. Reads INVENTORY_URL and API_KEY.",
    epilog="Example: mizan listings import listings.csv --dry-run",
    no_args_is_help=True,
    add_completion=False,
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("import", epilog="Example: mizan listings import listings.csv --dry-run")
def import_listings(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV file in UTF-8.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take over a file of listings; the same file again changes nothing.

    Every good row is taken, every bad one is printed with its line and the reason. The file's first line is
    sku,channel,external_sku,external_id,external_url,is_active, in any order.

    Exit code: 0 all rows are good, 1 some are not or the inventory is away, 2 wrong use.
    """
    from runtime.service_client import WrongUseError  # noqa: PLC0415 - see above

    from inventory.commands import client, failures  # noqa: PLC0415 - an HTTP client would slow --help down
    from inventory.commands.listings import importing  # noqa: PLC0415 - see above
    from inventory.listing_file import UnusableFileError  # noqa: PLC0415 - see above

    with failures.failures_in_one_line(), client.open_inventory(os.environ) as inventory, file.open("rb") as lines:
        try:
            report = importing.send(lines, inventory, dry_run=dry_run, told=_tell_progress)
        except UnusableFileError as error:
            raise WrongUseError(f"{file}: {error}") from None
    _tell(report, dry_run=dry_run, as_json=as_json)
    if report.bad:
        raise typer.Exit(1)


@app.command("list", epilog="Example: mizan listings list --channel amazon --json")
def list_listings(
    channel: Annotated[str | None, typer.Option("--channel", help="Only listings of this channel.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the listings by channel and SKU. Exit code: 0 printed, 1 the inventory is away, 2 wrong use."""
    from inventory.commands import client, failures  # noqa: PLC0415 - an HTTP client would slow --help down

    wanted = {} if channel is None else {"channel": channel}
    with failures.failures_in_one_line(), client.open_inventory(os.environ) as inventory:
        found = client.pages(inventory, "/v1/listings", wanted, after=lambda last: f"{last['channel']}:{last['sku']}")
        listings = list(itertools.islice(found, limit))
    if as_json:
        typer.echo(json.dumps({"listings": listings}, ensure_ascii=False))
        return
    for one in listings:
        state = "" if one["is_active"] else "\tinactive"
        typer.echo(f"{one['channel']}\t{one['sku']}\t{one['external_sku']}{state}")


def _tell_progress(report: "Report") -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{report.rows} rows, {len(report.bad)} bad", err=True, nl=False)


def _tell(report: "Report", *, dry_run: bool, as_json: bool) -> None:
    if sys.stderr.isatty():
        typer.echo(err=True)
    if as_json:
        typer.echo(json.dumps(report.as_json() | {"dry_run": dry_run}, ensure_ascii=False))
        return
    for row in report.bad:
        typer.echo(f"line {row.line}: {row.reason}")
    would = "would be " if dry_run else ""
    typer.echo(
        f"{report.rows} rows: {report.changed} {would}changed, {report.unchanged} as they were, {len(report.bad)} bad"
    )
