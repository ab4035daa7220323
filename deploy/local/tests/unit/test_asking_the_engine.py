"""The engine is asked through the command `docker`; here a script of our own plays it."""

from pathlib import Path

import pytest
from local_stack.choice import EngineAnswer
from local_stack.engine import COMPOSE_PLUGIN, Engine, docker_command
from local_stack.errors import MissingPrerequisiteError


def _engine(folder: Path, *succeeding: str) -> tuple[Engine, list[str]]:
    """An engine whose command `docker` succeeds with just these words."""
    cases = "".join(f'  "{words}") exit 0 ;;\n' for words in succeeding)
    script = folder / "docker"
    script.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}esac\nexit 1\n')
    script.chmod(0o755)
    said: list[str] = []
    return Engine({"PATH": str(folder)}, said.append), said


def test_without_the_command_no_engine_answers(tmp_path: Path) -> None:
    engine = Engine({"PATH": str(tmp_path)}, print)
    assert engine.ask(["a:1"]) == engine.ask_for_compose(["a:1"]) == EngineAnswer(answers=False)
    assert engine.containers_of("mizan") == ()
    with pytest.raises(MissingPrerequisiteError, match="no docker found"):
        docker_command({"PATH": str(tmp_path)})


def test_a_command_whose_engine_is_away_counts_as_no_engine(tmp_path: Path) -> None:
    engine, _ = _engine(tmp_path)
    assert engine.ask(["a:1"]) == EngineAnswer(answers=False)


def test_images_that_are_there_are_not_fetched(tmp_path: Path) -> None:
    engine, said = _engine(tmp_path, "version", "image inspect a:1")
    assert engine.ask(["a:1"]) == EngineAnswer(answers=True)
    assert said == []


def test_what_is_neither_there_nor_to_be_fetched_is_lacking(tmp_path: Path) -> None:
    engine, said = _engine(tmp_path, "version", "image inspect a:1", "pull --quiet b:1")
    assert engine.ask(["a:1", "b:1", "c:1"]) == EngineAnswer(answers=True, lacking=("c:1",))
    assert said == ["Docker: fetching b:1", "Docker: fetching c:1"]


def test_without_the_compose_plugin_that_is_what_is_lacking(tmp_path: Path) -> None:
    engine, _ = _engine(tmp_path, "version", "image inspect a:1")
    assert engine.ask_for_compose(["a:1"]) == EngineAnswer(answers=True, lacking=(COMPOSE_PLUGIN,))
