"""The house rules that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED_MODULE_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_MAIN = 350, 50, 60
SERVICES = sorted(path for path in (ROOT / "services").iterdir() if path.is_dir())
CONNECTORS = [path for path in SERVICES if path.name.endswith("-connector")]


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository: those that git knows or would take."""
    listing = subprocess.run(  # noqa: S603 - our own arguments
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],  # noqa: S607 - git on PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for line in listing.splitlines() if (path := ROOT / line).is_file()]


def modules() -> list[Path]:
    found = tracked("*.py")
    assert len(found) > 100, "git lists hardly any module: the rules below would check nothing"
    return found


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_module_is_too_long() -> None:
    assert [path for path in modules() if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE] == []


def test_no_function_is_too_long() -> None:
    too_long = [
        f"{module.relative_to(ROOT)}:{function.lineno} {function.name}"
        for module in modules()
        for function in functions(module)
        if (function.end_lineno or function.lineno) - function.lineno >= LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules() if path.stem in BANNED_MODULE_NAMES] == []


def test_no_init_file_hides_tests() -> None:
    """With importlib mode an `__init__.py` under tests silently replaces one member's tests by another's."""
    assert [path for path in modules() if path.name == "__init__.py" and "tests" in path.relative_to(ROOT).parts] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_main_is_a_table_of_contents(service: Path) -> None:
    package = service / "src" / service.name.replace("-", "_")
    assert (package / "__main__.py").is_file()
    assert (package / "settings.py").is_file()
    assert (package / "migrations" / "versions").is_dir()
    assert len((package / "main.py").read_text(encoding="utf-8").splitlines()) <= LONGEST_MAIN


def test_every_connector_has_the_same_files() -> None:
    assert len(CONNECTORS) >= 2
    shapes = {
        connector.name: sorted(path.name for path in (connector / "src").glob("*/*.py")) for connector in CONNECTORS
    }
    assert len({tuple(shape) for shape in shapes.values()}) == 1, shapes


def test_every_package_is_typed() -> None:
    packages = [path.parent for path in tracked("*/src/*/__init__.py") if path.parent.parent.name == "src"]
    assert len(packages) >= 11
    assert [package for package in packages if not (package / "py.typed").is_file()] == []


def test_every_setting_is_described_in_the_example_environment() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    described = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, flags=re.MULTILINE))
    read = set()
    for module in tracked("libs/*/src/*settings.py", "services/*/src/*/settings.py"):
        read |= set(settings_fields(module))
    assert len(read) > 20
    assert sorted(read - described) == []


def settings_fields(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.ClassDef) and any("Settings" in ast.unparse(base) for base in node.bases)):
            continue
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                yield statement.target.id.upper()


def test_the_lock_holds_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock
    assert re.search(r"https?://|--index-url|--find-links", lock) is None


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    this_file = Path(__file__).resolve()
    paths = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/\w")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path.resolve() != this_file and path.suffix not in {".lock", ".png"}
        for match in paths.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_document_links_to_what_exists() -> None:
    links = [
        (document, target)
        for document in tracked("*.md")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target)
    ]
    assert [f"{document.relative_to(ROOT)}: {t}" for document, t in links if not (document.parent / t).exists()] == []


def test_every_route_declares_the_scope_that_its_callers_need() -> None:
    """Else only a key that may do everything can call it."""
    is_route = re.compile(r"(?:api|router)\.(?:get|put|post|patch|delete)\(['\"]")
    routes = [
        (module, function, [ast.unparse(decorator) for decorator in function.decorator_list])
        for module in tracked("services/*/src/*.py", "libs/*/src/*.py")
        if module.name != "http.py"
        for function in functions(module)
        if any(is_route.match(ast.unparse(decorator)) for decorator in function.decorator_list)
        or f"self.{function.name}, methods=" in module.read_text(encoding="utf-8")
    ]
    assert len(routes) > 15
    without = [
        f"{module.relative_to(ROOT)}: {function.name}"
        for module, function, decorators in routes
        if not any(decorator.startswith("needs(") for decorator in decorators)
    ]
    assert without == []


def test_no_price_is_ever_a_binary_float() -> None:
    folder = "services/inventory/src/inventory"
    found = [path for path in tracked(f"{folder}/*.py") if re.search(r"pric|quotes", path.stem)]
    found = [path for path in found if path.stem != "price_loop"]  # its floats are seconds
    assert len(found) >= 12, "the modules of prices have other names now: the rule below would check nothing"
    assert [f"{path.relative_to(ROOT)}:{line}" for path in found for line in binary_floats(path)] == []


def binary_floats(module: Path) -> Iterator[int]:
    """The lines that name or hold one, in Python or in SQL."""
    sql_types = re.compile(r"\b(?:float|real (?:not )?null|double precision)\b|:: ?real|real\[\]", re.IGNORECASE)
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        value = node.value if isinstance(node, ast.Constant) else None
        is_name = isinstance(node, ast.Name) and node.id == "float"
        is_sql = isinstance(value, str) and sql_types.search(value) is not None
        if (is_name or is_sql or isinstance(value, float)) and isinstance(node, ast.expr):
            yield node.lineno
