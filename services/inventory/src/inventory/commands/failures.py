"""How a command ends when it can't go on."""

import contextlib
from collections.abc import Iterator

import typer
from runtime.service_client import RefusedError, WrongUseError


@contextlib.contextmanager
def failures_in_one_line() -> Iterator[None]:
    """Exit code 2 for wrong use, 1 where the inventory is away or refuses."""
    try:
        yield
    except WrongUseError as error:
        typer.echo(f"mizan: {error}", err=True)
        raise typer.Exit(2) from None
    except RefusedError as error:
        typer.echo(f"mizan: {error}", err=True)
        raise typer.Exit(1) from None
