"""`mizan rules`: read, try out and change the rules of the allocation."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(
    name="rules",
    help="Rules of the allocation, by channel, category and SKU. Reads INVENTORY_URL and API_KEY.",
    epilog="Example: mizan rules list",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

File = Annotated[Path, typer.Argument(help="YAML: one rule or a list of them, each with name, scope and sets.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say which allocations would change, and change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option("--limit", min=0, max=5000, help="Show at most so many SKUs.")]
After = Annotated[str, typer.Option("--after", help="Show the SKUs behind this one.")]


@app.command("list", epilog="Example: mizan rules list --json")
def list_rules(*, as_json: AsJson = False) -> None:
    """Show all rules. The most specific one that sets something wins. Exit code: 0 shown, 1 a problem, 2 wrong use."""
    from inventory.entrypoints.rule_tables import rule_lines  # noqa: PLC0415 - as late as the HTTP client

    answer = _call("GET", "/v1/rules")
    _print(answer, rule_lines(answer), as_json=as_json)


@app.command("set", epilog="Example: mizan rules set rules.yaml --dry-run")
def set_rules(file: File, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Keep the rules of a file, all or none: new, or instead of those of the same name. Others stay as they are.

    A rule: {name: mugs, category: mugs, sets: {buffer_percent: 10, weights: {noon: 50}, limits: {noon: {max: 5}}}}.
    Scope: sku or category, and channel; none of them is everywhere. Exit code: 0 done, 1 a problem, 2 wrong use.
    """
    _change({"put": _rules_of(file)}, dry_run=dry_run, as_json=as_json)


@app.command("delete", epilog="Example: mizan rules delete mugs --dry-run")
def delete_rules(
    names: Annotated[list[str], typer.Argument(help="The rules' names.")],
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Delete rules, all or none. Exit code: 0 done, 1 a problem (such as no such rule), 2 wrong use."""
    _change({"delete": names}, dry_run=dry_run, as_json=as_json)


@app.command("dry-run", epilog="Example: mizan rules dry-run rules.yaml --limit 20")
def dry_run_rules(file: File, *, limit: Limit = 20, after: After = "", as_json: AsJson = False) -> None:
    """Say which SKUs' allocations the rules of a file would change. Exit code: 0 said, 1 a problem, 2 wrong use."""
    _preview({"put": _rules_of(file), "limit": limit, "after": after}, as_json=as_json)


def _change(change: dict[str, Any], *, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        _preview({**change, "limit": 20}, as_json=as_json)
        return
    answer = _call("POST", "/v1/rules", change)
    line = f"{answer['put']} set, {answer['deleted']} deleted; {answer['concerned']} SKUs are looked at again"
    _print(answer, [line], as_json=as_json)


def _preview(change: dict[str, Any], *, as_json: bool) -> None:
    from inventory.entrypoints.rule_tables import preview_lines  # noqa: PLC0415 - as late as the HTTP client

    answer = _call("POST", "/v1/rules/dry-run", change)
    _print(answer, preview_lines(answer), as_json=as_json)


def _rules_of(file: Path) -> list[Any]:
    import yaml  # noqa: PLC0415 - only commands that read a file need it

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        rules = content if isinstance(content, list) else [content]
        json.dumps(rules)
    except (OSError, UnicodeDecodeError) as error:
        _end(f"can't read {file}: {error}", 2)
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        _end(f"{file} is no YAML of rules: {error}", 2)
    if not rules or not all(isinstance(rule, dict) for rule in rules):
        _end(f"{file} holds no rules: write one rule or a list of them, each with name, scope and sets", 2)
    return rules


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The inventory's answer; whatever else comes ends the command with one line and its exit code."""
    import httpx  # noqa: PLC0415 - it would double the time that --help takes

    key = os.environ.get("API_KEY", "").strip()
    if not key:
        _end("set API_KEY (.env.example describes it)", 2)
    url = os.environ.get("INVENTORY_URL", "").strip().rstrip("/") or "http://127.0.0.1:8001"
    try:
        answer = httpx.request(method, url + path, json=body, headers={"X-API-Key": key}, timeout=120)
        content = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _end(f"{url} (INVENTORY_URL): {str(error) or type(error).__name__}", 1)
    except ValueError:
        _end(f"{url} (INVENTORY_URL) is not the inventory: its answer is no JSON", 1)
    if not answer.is_success or not isinstance(content, dict):
        detail = content.get("detail") if isinstance(content, dict) else None
        is_wrong_use = answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        _end(str(detail or f"{url} answered {answer.status_code}"), 2 if is_wrong_use else 1)
    return content


def _print(document: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))


def _end(message: str, code: int) -> NoReturn:
    typer.echo("mizan: " + " ".join(message.split()), err=True)
    raise typer.Exit(code) from None
