"""`make demo`: the stack up, a day through it, the proof, the stack down."""

import argparse
import asyncio
import dataclasses as dc
import functools
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from local_stack.compose import ComposeStack, docker_is_chosen
from local_stack.config import StackConfig
from local_stack.errors import StackError
from local_stack.ports import require_free
from local_stack.programs import DEFAULT_API_KEY
from local_stack.signals import cancelled_by_signals
from local_stack.stack import READY_TIMEOUT_S, Stack
from rich.console import Console

from demo.bad_weather import BAD_DAY, SLOW_SALES_A_SECOND, describe
from demo.borrowed import borrowed, is_running
from demo.brisk import BRISK, CALM
from demo.catalogue import built_in_day
from demo.day import SALES_A_SECOND, Interruption, Pace, Running, live_through
from demo.house import SERVICES, House, open_house
from demo.modes import Mode
from demo.report import Progressing, Summary, console, save, show
from demo.sales import Day, SalesError, read_sales
from demo.scenario import Stock, longest_pause, plan_day

_FOLDER = Path("var")
_PROJECT = "mizan-demo"
_SHOWN_ROWS = 5
_SHORTEST_REST, _LONGEST_REST = 3.0, 60.0


def main() -> None:
    """Exit code 0: all proven. 1: a difference was found. 2: it could not be run, with one line that says why."""
    arguments = _arguments()
    screen = console()
    try:
        summary = asyncio.run(_run(read_sales(arguments.sales) if arguments.sales else None, arguments, screen))
    except (SalesError, StackError) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("demo: stopped; everything that it started is stopped too", file=sys.stderr)
        sys.exit(130)
    show(screen, summary)
    save(arguments.json, summary)
    screen.print(f"The same as JSON: {arguments.json}", highlight=False)
    sys.exit(0 if summary.ok else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--sales", type=Path, help="a CSV file with the columns of the UCI Online Retail set")
    usual = f"{SALES_A_SECOND:.0f}, with --faults {SLOW_SALES_A_SECOND:.0f}"
    parser.add_argument("--rate", type=float, help=f"sales a second (default: {usual})")
    parser.add_argument("--faults", action="store_true", help="marketplaces that misbehave, and four SIGKILLs")
    parser.add_argument("--kill", choices=(*SERVICES, "control"), help="SIGKILL this service in the middle of the day")
    parser.add_argument(
        "--stock", choices=list(Stock), type=Stock, default=Stock.AMPLE, help="how much there is to sell"
    )
    mode = os.environ.get("STOREFRONT_MODE") or Mode.REPORT
    parser.add_argument("--storefront-mode", choices=list(Mode), type=Mode, default=mode, help="whether it asks first")
    parser.add_argument("--json", type=Path, default=_FOLDER / "demo.json", help="where the result goes")
    return parser.parse_args()


async def _run(own_day: Day | None, arguments: argparse.Namespace, screen: Console) -> Summary:
    with cancelled_by_signals(), Progressing(screen) as progress:
        day = own_day or built_in_day()
        _tell_left_out(day, progress)
        config = _stack_config(os.environ)
        if await asyncio.to_thread(is_running, config, progress.say):
            return await _run_in_borrowed(config, own_day, arguments, progress)
        config = dc.replace(config, extra_environment=_settings(day, arguments), throwaway=True)
        require_free(config.own_ports())  # before anything is deleted: another demo may be using the folder
        if await asyncio.to_thread(docker_is_chosen, config, progress.say):
            return await _run_in_docker(config, day, arguments, progress)
        shutil.rmtree(config.folder, ignore_errors=True)
        try:
            async with Stack(config, progress.say) as stack:
                return await _live(stack, day, arguments, progress)
        finally:
            progress.say(f"everything is stopped; the logs are in {config.logs}")


async def _run_in_borrowed(
    config: StackConfig, own_day: Day | None, arguments: argparse.Namespace, progress: Progressing
) -> Summary:
    """The products of the built-in day get names of their own: the same ones may be there from a day before."""
    day = own_day or built_in_day(suffix=f"/{time.time_ns():x}")
    async with borrowed(config, _settings(day, arguments), progress.say) as stack:
        return await _live(stack, day, arguments, progress)


async def _run_in_docker(
    config: StackConfig, day: Day, arguments: argparse.Namespace, progress: Progressing
) -> Summary:
    try:
        async with ComposeStack(config, progress.say, project=_PROJECT) as stack:
            return await _live(stack, day, arguments, progress)
    finally:
        progress.say("everything is stopped, and its containers are deleted")


async def _live(stack: Stack | ComposeStack, day: Day, arguments: argparse.Namespace, progress: Progressing) -> Summary:
    urls = {name: stack.url(name) for name in (*SERVICES, "control", "sandbox-amazon", "sandbox-noon")}

    def restarts() -> dict[str, int]:
        return {name: stack.restarts(name) for name in urls}

    api_key = os.environ.get("API_KEY", DEFAULT_API_KEY)
    stock: Stock = arguments.stock
    pace = Pace(run_id=f"{time.time_ns():x}", rate=_rate(arguments), left_out=len(day.left_out), stock=stock)
    async with open_house(urls, api_key) as house:
        running = Running(house, stack.bootstrap_servers, restarts, arguments.storefront_mode)
        interruptions = _interruptions(stack, house, arguments, progress)
        summary = await live_through(plan_day(day, stock=stock), running, pace, progress, interruptions)
        return dc.replace(summary, faults=await describe(BAD_DAY, house)) if arguments.faults else summary


def _interruptions(
    stack: Stack | ComposeStack, house: House, arguments: argparse.Namespace, progress: Progressing
) -> list[Interruption]:
    async def kill(program: str) -> None:
        await _until_ready(house, program)
        progress.say(f"SIGKILL {program}, in the middle of it all")
        await stack.kill(program)

    news = BAD_DAY.interruptions(house, kill, progress.say) if arguments.faults else []
    if arguments.kill:
        news.append(Interruption(0.5, functools.partial(kill, arguments.kill)))
    return sorted(news, key=lambda each: each.at)


async def _until_ready(house: House, program: str) -> None:
    """A program that was killed before is killed again only once it is back."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while (await house.readiness(program)).get("status") != "ready" and time.monotonic() < deadline:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.2)


def _rate(arguments: argparse.Namespace) -> float:
    return float(arguments.rate or (SLOW_SALES_A_SECOND if arguments.faults else SALES_A_SECOND))


def _settings(day: Day, arguments: argparse.Namespace) -> dict[str, str]:
    """With plenty of stock nobody is turned away, so nothing goes by way of zero between two sales of a product."""
    settings = {**(BRISK if arguments.faults else CALM), "STOREFRONT_MODE": str(arguments.storefront_mode)}
    if arguments.stock is Stock.AMPLE and not arguments.faults:
        pause = longest_pause(day) / _rate(arguments)
        settings["CONVERGE_AFTER_SECONDS"] = f"{min(max(_SHORTEST_REST, pause + 1), _LONGEST_REST):.1f}"
    return settings


def _stack_config(environment: Mapping[str, str]) -> StackConfig:
    return StackConfig.from_environment(environment, folder=(_FOLDER / "demo-stack").resolve())


def _tell_left_out(day: Day, progress: Progressing) -> None:
    if not day.left_out:
        return
    progress.say(f"{len(day.left_out)} rows are left out:")
    for row in day.left_out[:_SHOWN_ROWS]:
        progress.say(f"  line {row.line}: {row.reason}")
    if len(day.left_out) > _SHOWN_ROWS:
        progress.say(f"  and {len(day.left_out) - _SHOWN_ROWS} more")
