"""The command `mizan`."""

import os
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated

import typer
from rich.console import Console

from control.addresses import addresses
from control.dead_letters.cli import app as dlq
from control.plugins import GROUP, add_commands
from control.replay.cli import EXAMPLE as REPLAY_EXAMPLE
from control.replay.cli import replay


def main() -> None:
    create_app(entry_points(group=GROUP))()


def create_app(contributed: Iterable[EntryPoint] = ()) -> typer.Typer:
    """The whole command line, with what other packages contribute to it."""
    app = typer.Typer(
        name="mizan",
        help="Mizan keeps stock, prices and orders in balance across SaberStore, Amazon Egypt and Noon.",
        epilog="Example: mizan status --json",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_mizan)
    app.command("status", epilog="Example: INVENTORY_URL=http://inventory:8001 mizan status --json")(_status)
    app.add_typer(dlq)
    app.command("replay", epilog=REPLAY_EXAMPLE)(replay)
    add_commands(app, contributed, taken=["status", "dlq", "replay"])
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mizan {version('mizan-control')}")
        raise typer.Exit


def _mizan(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the command as a whole."""


def _status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Ask every service whether it is ready.

    Where they answer: CONTROL_URL, INVENTORY_URL, AMAZON_CONNECTOR_URL, NOON_CONNECTOR_URL and ORDER_IMPORTER_URL, else
    ports 8000 to 8004 of this machine. Exit code: 0 all are ready, 1 something is not, 2 wrong use.
    """
    from control import status  # noqa: PLC0415 - its HTTP client would double the time that --help takes

    try:
        wanted = addresses(os.environ)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    answers = status.ask_all(wanted)
    if as_json:
        typer.echo(status.as_json(answers))
    else:
        Console().print(status.as_table(answers))
    if not status.all_ready(answers):
        raise typer.Exit(1)
