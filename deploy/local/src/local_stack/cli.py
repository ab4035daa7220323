"""The command line: `python -m local_stack up|down|status|run|topics`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from contracts.topics import all_topics

from local_stack.compose import ComposeStack, docker_is_chosen, docker_is_usable
from local_stack.config import StackConfig
from local_stack.down import down, purge
from local_stack.errors import StackError
from local_stack.run import run
from local_stack.stack import Stack
from local_stack.state import StackState, read_state
from local_stack.status import conditions, status_table
from local_stack.topics import create_topics
from local_stack.up import up


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Carry out one command.

    Returns:
        0; 1 where something does not work; 2 for wrong use or a missing prerequisite.
    """
    options = _parser().parse_args(arguments)
    try:
        return _carry_out(options, StackConfig.from_environment(os.environ))
    except StackError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0 if options.command == "run" else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_stack", description="Mizan on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "start everything in the background"), ("run", "start everything in the foreground")):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--keep", action="store_true", help="leave running what did start when something did not")
    command = commands.add_parser("down", help="stop everything", description="stop everything that `up` started")
    command.add_argument("--purge", action="store_true", help="delete all data too")
    commands.add_parser("status", help="show what runs", description="show what runs")
    text = "create every topic of the table of topics where KAFKA_BOOTSTRAP_SERVERS says, and wait for that Kafka"
    commands.add_parser("topics", help=text, description=text)
    return parser


def _carry_out(options: argparse.Namespace, config: StackConfig) -> int:
    match options.command:
        case "up":
            return _up(config, keep=options.keep)
        case "run":
            asyncio.run(run(Stack(config, _say), _say, keep=options.keep))
        case "down":
            _down(config, purged=options.purge)
        case "topics":
            asyncio.run(_create_topics(config.bootstrap_servers))
        case _:
            return _status(config)
    return 0


def _up(config: StackConfig, *, keep: bool) -> int:
    processes = read_state(config.folder)
    if (processes is None or not processes.supervised) and docker_is_chosen(config, _say):
        return asyncio.run(_up_in_docker(ComposeStack(config, _say), keep=keep))
    return _show(up(config, _say, keep=keep))


async def _up_in_docker(stack: ComposeStack, *, keep: bool) -> int:
    try:
        await stack.start()
    except StackError:
        if not keep:
            await stack.stop(purge=False)
        raise
    print(await stack.table())
    return 0


def _down(config: StackConfig, *, purged: bool) -> None:
    stack = ComposeStack(config, _say) if docker_is_usable(config, _say) else None
    in_docker = stack is not None and stack.exists
    if stack is not None and (in_docker or purged):
        _say("stopping the containers, deleting their data" if purged else "stopping the containers")
        asyncio.run(stack.stop(purge=purged))
    if not in_docker or read_state(config.folder) is not None:
        down(config.folder, _say)
    if purged:
        purge(config.folder, _say)


def _status(config: StackConfig) -> int:
    state = read_state(config.folder)
    if state is not None:
        return _show(state)
    if docker_is_usable(config, _say) and (stack := ComposeStack(config, _say)).exists:
        print(asyncio.run(stack.table()))
        return 0 if stack.is_healthy else 1
    print("nothing is running")
    return 1


async def _create_topics(bootstrap_servers: str) -> None:
    topics = all_topics()
    await create_topics(bootstrap_servers, topics)
    _say(f"Kafka at {bootstrap_servers} has the {len(topics)} topics")


def _show(state: StackState) -> int:
    """Print the table; 0 where everything is well."""
    found = asyncio.run(conditions(state))
    print(status_table(state, found))
    if state.trouble:
        print(state.trouble, file=sys.stderr)
    if not state.supervised:
        print("the supervisor is gone: `make down` stops what still runs", file=sys.stderr)
    well = state.supervised and state.phase == "ready" and set(found.values()) <= {"ready"}
    return 0 if well else 1


def _say(line: str) -> None:
    print(line, flush=True)
