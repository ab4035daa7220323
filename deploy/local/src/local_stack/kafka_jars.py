"""Brings the jars of Apache Kafka into the cache, once."""

import shutil
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from local_stack.command import run_to_end
from local_stack.errors import StackError
from local_stack.prerequisites import find_maven

VERSION = "4.1.1"
_FETCH_TIMEOUT_S = 600.0


def package_file(name: str) -> Path:
    """A file that this package ships for Kafka."""
    return Path(str(resources.files("local_stack") / "kafka_server" / name))


async def kafka_jars(cache: Path, path: str | None, report: Callable[[str], None]) -> Path:
    """
    The folder of Kafka's jars under `cache`, fetched with the mvn on `path` where it is not there yet.

    Raises:
        StackError: they can't be fetched.
    """
    folder = cache / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    maven = find_maven(path)
    report(f"fetching Apache Kafka {VERSION} (once, about 45 MB) into {folder}")
    unfinished = _new_folder_in(cache)
    try:
        await _fetch(maven, unfinished)
        _move_whole(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _new_folder_in(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"kafka-{VERSION}-", dir=cache))


async def _fetch(maven: str, folder: Path) -> None:
    argv = [maven, "--quiet", "--batch-mode", "--file", str(package_file("pom.xml")), "dependency:copy-dependencies"]
    await run_to_end([*argv, f"-DoutputDirectory={folder}", "-DincludeScope=runtime"], timeout_s=_FETCH_TIMEOUT_S)
    if not (folder / f"kafka_2.13-{VERSION}.jar").exists():
        raise StackError(f"{maven} brought no Kafka into {folder}: run it by hand to see why: {' '.join(argv)}")


def _move_whole(unfinished: Path, folder: Path) -> None:
    unfinished.chmod(0o755)
    try:
        unfinished.rename(folder)
    except OSError:
        # Another stack fetched them meanwhile: theirs are as good.
        if not folder.is_dir():
            raise
