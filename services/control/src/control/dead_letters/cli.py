"""`mizan dlq`: what could not be used, and what to do about it."""

import os
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="dlq",
    help="Dead letters: records that a consumer could not use. Reads KAFKA_BOOTSTRAP_SERVERS, API_KEY, CONTROL_URL.",
    epilog="Example: mizan dlq list",
    no_args_is_help=True,
)

TopicName = Annotated[str, typer.Argument(help="The topic that the records came from, such as stock.changed.")]
Group = Annotated[str, typer.Option("--group", help="The consumer group that could not use them.")]
AnyGroup = Annotated[str | None, typer.Option("--group", help="Only letters of this consumer group.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Only letters with this reason.")]
Key = Annotated[str | None, typer.Option("--key", help="Only letters with this record key, such as a SKU.")]
Offset = Annotated[int | None, typer.Option("--offset", min=0, help="Only the letter at this offset.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", epilog="Example: mizan dlq list --group inventory --json")
def list_letters(
    topic: Annotated[str | None, typer.Option("--topic", help="Only letters of this topic.")] = None,
    group: AnyGroup = None,
    as_json: AsJson = False,
) -> None:
    """Count the open letters by topic, group and reason. Exit code: 0 none, 1 there are some, 2 wrong use."""
    from control.dead_letters import letters, tables  # noqa: PLC0415 - Kafka's client would slow --help down

    found = letters.summary(_open(letters.Wanted(topic=topic, group=group)))
    _print({"open": sum(kind["count"] for kind in found), "letters": found}, tables.counts(found), as_json=as_json)
    if found:
        raise typer.Exit(1)


@app.command("show", epilog="Example: mizan dlq show stock.changed --group inventory --limit 3")
def show_letters(
    topic: TopicName,
    group: AnyGroup = None,
    offset: Annotated[
        int | None, typer.Option("--offset", min=0, help="The letter at this offset, resolved or not.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the oldest first.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show headers and value of the open letters. Exit code: 0 shown, 1 there is none, 2 wrong use."""
    from control.dead_letters import letters, tables  # noqa: PLC0415 - Kafka's client would slow --help down

    wanted = letters.Wanted(topic=topic, group=group, offset=offset)
    found = [letters.shown(letter) for letter in _open(wanted, even_resolved=offset is not None)[:limit]]
    _print({"letters": found}, tables.pages(found), as_json=as_json)
    if not found:
        _none_fits()


@app.command("retry", epilog="Example: mizan dlq retry stock.changed --group inventory --reason unknown-sku --dry-run")
def retry_letters(  # noqa: PLR0913, PLR0917 - each is an option of the command
    topic: TopicName,
    group: Group,
    reason: Reason = None,
    key: Key = None,
    offset: Offset = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send the original records again, once what was wrong with them is mended.

    They go to the topic that they came from, which is safe: whoever has handled a record recognises it. One that fails
    again becomes a new letter, with its attempts counted on. Exit code: 0 done, 1 no open letter fits, 2 wrong use.
    """
    from control.dead_letters.letters import Wanted  # noqa: PLC0415 - Kafka's client would slow --help down

    _resolve("retried", Wanted(topic, group, reason, key, offset), dry_run=dry_run, as_json=as_json)


@app.command("discard", epilog="Example: mizan dlq discard stock.changed --group inventory --offset 7 --dry-run")
def discard_letters(  # noqa: PLR0913, PLR0917 - each is an option of the command
    topic: TopicName,
    group: Group,
    reason: Reason = None,
    key: Key = None,
    offset: Offset = None,
    every: Annotated[bool, typer.Option("--all", help="Every open letter of the group.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Mark letters as resolved without sending them; they stay in their topic.

    A channel's watermark that such a letter holds is let go, at the service of the group (INVENTORY_URL,
    ORDER_IMPORTER_URL).

    Needs --reason, --key, --offset or --all. Exit code: 0 done, 1 no open letter fits, 2 wrong use.
    """
    from control.dead_letters.letters import Wanted  # noqa: PLC0415 - Kafka's client would slow --help down

    if not every and reason is None and key is None and offset is None:
        typer.echo("mizan: say which: --reason, --key, --offset, or --all for every open letter of the group", err=True)
        raise typer.Exit(2)
    _resolve("discarded", Wanted(topic, group, reason, key, offset), dry_run=dry_run, as_json=as_json)


def _open(wanted: Any, *, even_resolved: bool = False) -> list[Any]:  # noqa: ANN401 - its module is loaded late
    from control.dead_letters.desk import open_desk  # noqa: PLC0415 - as above
    from control.dead_letters.letters import read_letters  # noqa: PLC0415 - as above
    from control.running import run  # noqa: PLC0415 - as above

    async def look() -> list[Any]:
        wanted.sources()
        async with open_desk(os.environ) as desk:
            return await (read_letters(desk.cluster, wanted) if even_resolved else desk.open_letters(wanted))

    return run(look)


def _resolve(action: str, wanted: Any, *, dry_run: bool, as_json: bool) -> None:  # noqa: ANN401 - as above
    from control.dead_letters.desk import open_desk  # noqa: PLC0415 - as above
    from control.running import run  # noqa: PLC0415 - as above

    async def work() -> list[Any]:
        wanted.sources()
        async with open_desk(os.environ) as desk:
            found = await desk.open_letters(wanted)
            if found and not dry_run:
                await (desk.retry(found) if action == "retried" else desk.discard(found))
            return found

    found = run(work, if_stopped=lambda: "stopped: what was not done yet is still open, give the same command again")
    places = [{"offset": letter.place[2], "reason": letter.reason} for letter in found]
    line = f"{'would be ' if dry_run else ''}{action}: {len(found)} of {wanted.topic} for {wanted.group}"
    _print({"action": action, "dry_run": dry_run, "count": len(found), "letters": places}, line, as_json=as_json)
    if not found:
        _none_fits()


def _print(document: object, for_people: Any, *, as_json: bool) -> None:  # noqa: ANN401 - whatever rich prints
    from rich.console import Console  # noqa: PLC0415 - as above

    from control.running import print_json  # noqa: PLC0415 - as above

    if as_json:
        print_json(document)
    else:
        Console().print(for_people, markup=False, highlight=False)


def _none_fits() -> None:
    typer.echo("mizan: no open letter fits (mizan dlq list shows what there is)", err=True)
    raise typer.Exit(1)
