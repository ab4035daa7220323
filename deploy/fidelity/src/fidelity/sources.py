"""Where requests and answers come from: scenes of this package, the connector's tests, the end-to-end tests, the demo.

Tests and demo are processes of their own with their usual output; what passes is recorded by the sandbox.
"""

import asyncio
import dataclasses as dc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from fidelity.records import Recording, read_records
from fidelity.scenes import play

_AT_ONCE = ("-n", "2", "--dist", "loadfile")
_PYTEST = ("-m", "pytest", "-q", "--no-header", *_AT_ONCE)
_TESTS = (*_PYTEST, "-p", "fidelity.canned", "services/amazon-connector/tests")
_END_TO_END = (*_PYTEST, "tests/e2e")
_DEMO = ("-m", "demo")
_LOCAL = {"MIZAN_DOCKER": "0"}
"""The sandbox must be able to write where this process can read."""


@dc.dataclass(frozen=True, slots=True)
class Played:
    """`complaint` says why there is less than there should be; empty where all went well."""

    recordings: Iterable[Recording]
    complaint: str = ""


Source = Callable[[Path], Played]
"""Plays, with a folder of its own for what is recorded."""


def scenes(_folder: Path) -> Played:
    return Played([asyncio.run(play())])


def tests(folder: Path) -> Played:
    return run_recorded(_TESTS, folder, {})


def end_to_end(folder: Path) -> Played:
    return run_recorded(_END_TO_END, folder, _LOCAL)


def demo(folder: Path) -> Played:
    return run_recorded((*_DEMO, "--json", str(folder / "demo.json")), folder, _LOCAL)


def recorded(folder: Path) -> Played:
    """What is in the folder already."""
    return Played(read_records(folder))


SOURCES: Mapping[str, Source] = {"scenes": scenes, "tests": tests, "e2e": end_to_end, "demo": demo}


def run_recorded(arguments: Sequence[str], folder: Path, changed: Mapping[str, str]) -> Played:
    """Run Python with these arguments, from the root of the repository, where `make` is."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {**os.environ, **changed, "SANDBOX_RECORD_FOLDER": str(folder.resolve())}
    code = subprocess.run([sys.executable, *arguments], env=environment, check=False).returncode  # noqa: S603 - our own
    said = " ".join(("python", *arguments))
    return Played(read_records(folder), f"`{said}` ended with exit code {code}" if code else "")
