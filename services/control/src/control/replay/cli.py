"""`mizan replay`."""

import os
from typing import Annotated, Any

import typer

EXAMPLE = "Example: mizan replay stock.changed --from 2026-11-22T08:00:00Z --sku MUG-1 --dry-run"


def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command
    topic: Annotated[str, typer.Argument(help="The topic whose records are sent again.")],
    group: Annotated[
        str | None, typer.Option("--group", help="Wait until this consumer group has read what was sent.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="From this time, or from this offset of each partition.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Up to this time or offset; it is left out itself.")] = None,
    sku: Annotated[str | None, typer.Option("--sku", help="Only records about this SKU.")] = None,
    failed: Annotated[
        bool,
        typer.Option("--failed", help="channel.stock.target only: have each failed listing told its quantity anew."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Send a range of a topic's records again, into the same topic: safe while everything runs.

    Every consumer recognises what it has handled. Copies hold the original bytes and key; they carry the headers
    replayed-at, replayed-from and replay-id. It stops at the topic's end as it was when it began. Stopped in between
    (Ctrl-C), the same command goes on where it stopped. KAFKA_BOOTSTRAP_SERVERS says where Kafka is.

    With --failed no record is sent again: the connectors ask for new targets, computed now, for the listings whose
    newest one was rejected, is quarantined or overdue. Exit code: 0 done, 1 a problem, 2 wrong use.
    """
    from control.replay import command  # noqa: PLC0415 - Kafka's client would slow --help down
    from control.running import print_json  # noqa: PLC0415 - as above

    asked = command.Asked(topic, group, since, until, sku)
    outcome: Any = (
        command.tell_failed_again(asked, os.environ, dry_run=dry_run)
        if failed
        else command.replay(asked, os.environ, dry_run=dry_run)
    )
    if as_json:
        print_json(outcome.document)
    else:
        typer.echo("\n".join(outcome.lines))
    if not outcome.ok:
        raise typer.Exit(1)
