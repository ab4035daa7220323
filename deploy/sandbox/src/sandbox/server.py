"""Serving a stand-in as a process: address from the environment, quiet log, exit 0 on SIGTERM."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from sandbox.environment import Environment, EnvironmentVariablesError

WRONG_ENVIRONMENT = 2


def run(name: str, default_port: int, build: Callable[[Environment], FastAPI]) -> int:
    """Serve until stopped.

    Args:
        name: what to call this program in an error.
        default_port: the port when PORT is not set.
        build: makes the application from the environment.

    Returns:
        The exit code: 2 when the environment lacks something, which one line on stderr names.
    """
    environment = Environment(os.environ)
    host = environment.text("HOST", "127.0.0.1")
    port = environment.number("PORT", default_port)
    try:
        app = build(environment)
        environment.check()
    except EnvironmentVariablesError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return WRONG_ENVIRONMENT
    # uvicorn stops in good order and then raises the signal again for whoever handled it before: this handler.
    signal.signal(signal.SIGTERM, _leave)
    uvicorn.Server(_configuration(app, host, port)).run()
    return 0


def _configuration(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
