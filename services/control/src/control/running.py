"""How a command of `mizan` that talks to the system ends: its result, or one line and an exit code."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NoReturn, TypeVar

import httpx
import typer
from aiokafka.errors import KafkaError

ResultT = TypeVar("ResultT")


class WrongUseError(Exception):
    """The user must call the command differently; the message says how, in one line. Exit code 2."""


class ProblemError(Exception):
    """Something is wrong out there; the message says what, in one line. Exit code 1."""


def run(
    work: Callable[[], Coroutine[Any, Any, ResultT]], *, if_stopped: Callable[[], str] = lambda: "stopped"
) -> ResultT:
    """The result of `work`; what goes wrong is told in one line. `if_stopped` tells what Ctrl-C has led to."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work())
    except WrongUseError as error:
        _end(str(error), 2)
    except ProblemError as error:
        _end(str(error), 1)
    except KafkaError as error:
        _end(f"Kafka (KAFKA_BOOTSTRAP_SERVERS): {error}", 1)
    except httpx.HTTPError as error:
        _end(f"{error.request.url}: {str(error) or type(error).__name__}", 1)
    except TimeoutError as error:
        _end(str(error) or "no answer in time", 1)
    except KeyboardInterrupt:
        _end(if_stopped(), 1)


def required(environment: Mapping[str, str], variable: str) -> str:
    """The variable's value.

    Raises:
        WrongUseError: it is missing or empty.
    """
    value = environment.get(variable, "").strip()
    if not value:
        raise WrongUseError(f"set {variable} (.env.example describes it)")
    return value


def print_json(document: object) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def _end(message: str, code: int) -> NoReturn:
    typer.echo("mizan: " + " ".join(message.split()), err=True)
    raise typer.Exit(code) from None
