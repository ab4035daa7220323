"""The commands come from a package made up on the spot, found as any installed package is."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import typer

app = typer.Typer(help="Orders by hand.")

@app.command()
def show(order_id: str, as_json: bool = typer.Option(False, "--json")):
    print(f"order {order_id} json={as_json}")

@app.command()
def count():
    raise typer.Exit(1)

def greet(name: str):
    "Say hello."
    print(f"hello {name}")

def status():
    print("not the real one")

NUMBER = 3
"""

ENTRY_POINTS = """
[mizan.commands]
orders = made_up_commands:app
greet = made_up_commands:greet
status = made_up_commands:status
missing = made_up_commands:missing
absent = no_such_module:app
number = made_up_commands:NUMBER
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    information = tmp_path / "made_up-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "made_up_commands.py").write_text(MODULE)
    return tmp_path


def _mizan(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from control.cli import main; main()"
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *arguments],
        env={"PYTHONPATH": str(package), "COLUMNS": "200", "CONTROL_URL": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_an_app_gets_its_arguments_and_options(package: Path) -> None:
    result = _mizan(package, "orders", "show", "A-1", "--json")
    assert (result.returncode, result.stdout) == (0, "order A-1 json=True\n")


def test_a_function_is_a_command_too(package: Path) -> None:
    assert _mizan(package, "greet", "Noor").stdout == "hello Noor\n"


def test_its_help_is_its_own(package: Path) -> None:
    result = _mizan(package, "orders", "--help")
    assert result.returncode == 0
    assert "Usage: mizan orders" in result.stdout
    assert "Orders by hand." in result.stdout


def test_its_exit_codes_are_passed_on(package: Path) -> None:
    assert _mizan(package, "orders", "count").returncode == 1
    wrong = _mizan(package, "orders", "show")
    assert wrong.returncode == 2
    assert "Missing argument" in wrong.stderr


def test_all_are_listed_even_those_that_are_broken(package: Path) -> None:
    result = _mizan(package, "--help")
    assert result.returncode == 0
    assert "From made-up" in result.stdout
    assert all(name in result.stdout for name in ("orders", "greet", "missing", "absent", "number"))


@pytest.mark.parametrize("name", ["missing", "absent", "number"])
def test_a_broken_one_is_told_in_one_line(package: Path, name: str) -> None:
    result = _mizan(package, name)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(f"mizan: the command '{name}' can't be")


def test_nobody_takes_the_place_of_a_command_of_ours(package: Path) -> None:
    result = _mizan(package, "status")
    assert "not the real one" not in result.stdout
    assert "inventory" in result.stdout
