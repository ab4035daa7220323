"""`mizan attempts`: what a connector tried, newest first."""

import json
import os
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)
_OUTCOMES = "accepted, retry, unknown, rejected, unauthorised or unsupported."


@app.command(epilog="Example: mizan attempts amazon --sku SHIRT-M --outcome rejected")
def attempts(
    channel: Annotated[str, typer.Argument(help="Whose: amazon, noon.")],
    sku: Annotated[str | None, typer.Option("--sku", help="The SKU that the listing has at the marketplace.")] = None,
    order: Annotated[str | None, typer.Option("--order", help="The order that a parcel belongs to.")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help=_OUTCOMES)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every write that went out, or may have, newest first.

    Reads <CHANNEL>_CONNECTOR_URL (else the usual port of this machine) and API_KEY. Exit code: 0 good, 1 the connector
    does not answer, 2 wrong use.
    """
    from runtime.service_client import RefusedError, WrongUseError  # noqa: PLC0415 - see above

    from connector_sdk.attempts import asking  # noqa: PLC0415 - an HTTP client would slow --help down

    wanted = {"external_sku": sku, "external_order_id": order, "outcome": outcome}
    given = {name: value for name, value in wanted.items() if value is not None}
    try:
        found = asking.read_attempts(os.environ, channel, given, limit)
    except (WrongUseError, RefusedError) as error:
        typer.echo(f"mizan: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, WrongUseError) else 1) from None
    if as_json:
        typer.echo(json.dumps({"channel": channel, "attempts": found}, ensure_ascii=False))
    else:
        for each in found:
            typer.echo(asking.as_line(each))
