"""Commands that other services contribute to `mizan`, through the entry-point group `mizan.commands`.

A command is loaded when it is called, so that one that is slow or broken costs the others nothing.
"""

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from typing import Any

import typer

GROUP = "mizan.commands"

_PASS_EVERYTHING_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


class BrokenCommandError(Exception):
    """A contributed command can't be loaded; the message says which and why, in one line."""


def add_commands(app: typer.Typer, contributed: Iterable[EntryPoint], *, taken: Iterable[str]) -> None:
    """Add the contributed commands by name; who comes first keeps a name, and nobody takes a `taken` one."""
    names = set(taken)
    for entry_point in contributed:
        if entry_point.name in names:
            continue
        names.add(entry_point.name)
        package = entry_point.dist.name if entry_point.dist else entry_point.module
        register = app.command(
            entry_point.name,
            help=f"From {package}; try: mizan {entry_point.name} --help",
            add_help_option=False,
            context_settings=dict(_PASS_EVERYTHING_ON),
        )
        register(_forward(entry_point))


def _forward(entry_point: EntryPoint) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        try:
            command = load(entry_point)
        except BrokenCommandError as error:
            typer.echo(f"mizan: {error}", err=True)
            raise typer.Exit(1) from None
        command(context.args)

    return run


def load(entry_point: EntryPoint) -> Callable[[list[str]], Any]:
    """The contributed command, ready to be called with its arguments.

    Raises:
        BrokenCommandError: it can't be imported, or is neither a typer app nor a function.
    """
    try:
        contributed = entry_point.load()
    except Exception as error:  # whatever somebody else's module raises on import, the others must go on
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise BrokenCommandError(f"the command {entry_point.name!r} can't be loaded: {why}") from error
    if not isinstance(contributed, typer.Typer):
        if not callable(contributed):
            problem = f"{entry_point.value} is neither a typer app nor a function"
            raise BrokenCommandError(f"the command {entry_point.name!r} can't be used: {problem}")
        function, contributed = contributed, typer.Typer(add_completion=False)
        contributed.command()(function)
    command = typer.main.get_command(contributed)
    return lambda arguments: command(args=arguments, prog_name=f"mizan {entry_point.name}")
