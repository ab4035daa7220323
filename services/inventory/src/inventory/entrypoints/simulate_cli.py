"""`mizan simulate`: what each policy would have sold on days of recorded sales."""

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

Sales = Annotated[
    list[Path], typer.Argument(help="CSV files of sales lines (StockCode, Quantity, InvoiceDate), or folders of them.")
]
Policies = Annotated[str, typer.Option("--policy", help="Which of these five, separated by commas.")]
Flash = Annotated[int, typer.Option("--flash", min=0, help="So many buyers more in one hour, of the 20 best sellers.")]
Stock = Annotated[float, typer.Option("--stock", min=0.0, max=100.0, help="Units in stock for each unit wanted.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same figures.")]
Chart = Annotated[Path | None, typer.Option("--chart", help="Write a chart: FILE.html or FILE.svg.")]
WhatIf = Annotated[
    Path | None, typer.Option("--what-if", help="Instead of policies: these rules (as of mizan rules) against today's.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

EXAMPLE = "Example: mizan simulate sales/2010-12-01.csv sales/2010-12-02.csv --policy guide,strict --flash 6000"
DEFAULT = "guide,guide-buffer,strict,measured,strict-reclaim"

app = typer.Typer(name="simulate", add_completion=False, pretty_exceptions_show_locals=False)


@app.command(epilog=EXAMPLE)
def simulate(  # noqa: PLR0913 - each is an option of the command
    sales: Sales,
    *,
    policy: Policies = DEFAULT,
    flash: Flash = 0,
    stock: Stock = 0.8,
    seed: Seed = 1,
    chart: Chart = None,
    what_if: WhatIf = None,
    as_json: AsJson = False,
) -> None:
    """Serve recorded demand under several policies, by the functions that production runs, and compare them.

    Each line with a positive quantity and a product code is one buyer who wants one unit; 40 % come to SaberStore, 40 %
    to Amazon, 20 % to Noon. Amazon's calls are live after 30 to 300 s and its orders seen after 120 s, Noon's after 1
    to 10 s and 5 s. refused: a buyer was turned away while a unit was truly in stock. The rules and what was oversold
    under escrow, each unit with its cause, follow the table. Exit code: 0 done, 1 a policy that must not oversell
    did, 2 wrong use.
    """
    from inventory.entrypoints import simulate_tables  # noqa: PLC0415 - --help needs none of it
    from inventory.simulation import side_by_side  # noqa: PLC0415 - as above
    from inventory.simulation.demand import BadSalesError, Setting, load  # noqa: PLC0415 - as above

    if chart is not None and (chart.suffix not in {".html", ".svg"} or not chart.parent.is_dir()):
        _end(f"{chart}: name a file that ends in .html or .svg, in a folder that exists", 2)
    jobs = _jobs(policy) if what_if is None else _what_if(what_if)
    try:
        lines = load(_files(sales))
    except BadSalesError as error:
        _end(str(error), 2)
    typer.echo(f"simulate: {len(lines):,} buyers and {flash:,} of a flash sale; {len(jobs)} runs", err=True)
    setting = Setting(flash=flash, stock=stock, seed=seed)
    results = side_by_side.compare(
        jobs, lines, setting, lambda result: typer.echo(f"simulate: {result.policy} is done", err=True)
    )
    if chart is not None:
        chart.write_text(simulate_tables.chart(results, setting, len(lines), chart.suffix), encoding="utf-8")
        typer.echo(f"simulate: the chart is in {chart}", err=True)
    if as_json:
        typer.echo(json.dumps(side_by_side.as_document(results), indent=2))
    else:
        typer.echo("\n".join(simulate_tables.lines(results)))
    if any(result.oversold for result in results if result.must_not_oversell):
        raise typer.Exit(1)


def _files(sales: list[Path]) -> list[Path]:
    return [file for path in sales for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]


def _jobs(names: str) -> list[Any]:
    from inventory.simulation.policies import NAMES  # noqa: PLC0415 - as above
    from inventory.simulation.side_by_side import Job  # noqa: PLC0415 - as above

    wanted = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in NAMES]
    if unknown or not wanted:
        _end(f"no policy {', '.join(map(repr, unknown)) or 'given'}: the policies are {', '.join(NAMES)}", 2)
    return [Job(name) for name in wanted]


def _what_if(file: Path) -> list[Any]:
    from inventory.entrypoints.rule_file import BadRulesError, read  # noqa: PLC0415 - as above
    from inventory.simulation.policies import TODAY  # noqa: PLC0415 - as above
    from inventory.simulation.side_by_side import Job  # noqa: PLC0415 - as above

    try:
        rules = read(file, TODAY.weights)
    except BadRulesError as error:
        _end(f"{file}: {error}", 2)
    for rule in rules:
        if rule.category is not None:
            typer.echo(f"simulate: recorded sales have no category, so {rule.name!r} changes nothing", err=True)
    today = "30/35/35 and a buffer of 5 %, under strict escrow"
    named = ", ".join(rule.name for rule in rules)
    return [Job("today", (), today), Job("what-if", tuple(rules), f"{today}, changed by {named}")]


def _end(message: str, code: int) -> NoReturn:
    typer.echo("mizan: " + " ".join(message.split()), err=True)
    raise typer.Exit(code) from None
