"""state.json survives a round trip, and tells a process from another one with its pid."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from local_stack.errors import StackError
from local_stack.processes import ProcessIdentity, identify
from local_stack.state import ProgramState, StackState, clear_state, read_state, write_state


@pytest.fixture
def me() -> ProcessIdentity:
    identity = identify(os.getpid())
    assert identity is not None
    return identity


def _state(process: ProcessIdentity | None, supervisor: ProcessIdentity) -> StackState:
    program = ProgramState("inventory", process, 15, 8001, "http://127.0.0.1:8001/readyz", "inventory.log", 3)
    return StackState(supervisor, "ready", None, [program])


def test_what_was_written_is_read_back(tmp_path: Path, me: ProcessIdentity) -> None:
    for process in (me, None):
        write_state(tmp_path, _state(process, me))
        assert read_state(tmp_path) == _state(process, me)


def test_a_process_with_the_same_pid_but_another_start_is_not_ours(me: ProcessIdentity) -> None:
    other = replace(me, started=me.started - 100)
    assert _state(me, me).survivors()
    assert not _state(other, other).survivors()
    assert not _state(other, other).supervised


def test_without_a_file_nothing_was_started(tmp_path: Path, me: ProcessIdentity) -> None:
    assert read_state(tmp_path) is None
    write_state(tmp_path, _state(me, me))
    clear_state(tmp_path)
    assert read_state(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"supervisor": {}}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(StackError, match=r"state\.json can't be read"):
        read_state(tmp_path)
