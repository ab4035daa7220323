"""The committed schemas and docs/events.md are what the code gives, and `--check` says when they are not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from contracts import TOPICS, Payload
from contracts.generate import differing, generated, main, write
from contracts.json_schemas import event_schema, payloads
from contracts.workspace import EXAMPLES, PAGE, SCHEMAS, WORKSPACE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of one's own with the examples and freshly generated files."""
    shutil.copytree(WORKSPACE / EXAMPLES, tmp_path / EXAMPLES)
    write(tmp_path)
    return tmp_path


def test_the_committed_files_are_what_the_code_gives() -> None:
    assert differing(WORKSPACE) == [], "run python -m contracts.generate"


@pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.event_type)
def test_the_committed_schema_is_that_of_the_code(payload: type[Payload]) -> None:
    committed = json.loads((WORKSPACE / SCHEMAS / f"{payload.event_type}.schema.json").read_bytes())
    assert committed == event_schema(payload)
    assert committed["$id"] == f"urn:mizan:event:{payload.event_type}"
    assert committed["title"] == payload.event_type
    assert committed["properties"]["type"]["const"] == payload.event_type
    assert committed["description"]


def test_schemas_have_sorted_keys_and_end_with_a_line_break() -> None:
    for path, text in generated(WORKSPACE).items():
        assert text.endswith("\n")
        if path.suffix == ".json":
            assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_writing_twice_changes_nothing(root: Path) -> None:
    assert write(root) == []
    assert main(["--check", "--root", str(root)]) == 0


def test_check_names_each_file_that_differs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale = SCHEMAS / "stock.changed.v1.schema.json"
    missing = SCHEMAS / "order.shipped.v1.schema.json"
    orphan = SCHEMAS / "order.forgotten.v1.schema.json"
    (root / stale).write_text("{}")
    (root / missing).unlink()
    (root / orphan).write_text("{}")
    (root / PAGE).write_bytes((root / PAGE).read_bytes().replace(b"\n", b"\r\n"))
    assert main(["--check", "--root", str(root)]) == 1
    named = [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()]
    assert named == [str(path) for path in sorted([stale, missing, orphan, PAGE])]
    assert (root / stale).read_text() == "{}"


def test_generating_repairs_what_differs_and_removes_what_nothing_generates(root: Path) -> None:
    orphan = root / SCHEMAS / "order.forgotten.v1.schema.json"
    orphan.write_text("{}")
    (root / PAGE).unlink()
    assert main(["--root", str(root)]) == 0
    assert not orphan.exists()
    assert differing(root) == []


def test_an_event_type_without_an_example_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(root / EXAMPLES / "order.shipped.v1")
    assert main(["--check", "--root", str(root)]) == 2
    assert "order.shipped.v1 has no example" in capsys.readouterr().err


def test_the_module_runs_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "contracts.generate", "--check"]
    run = subprocess.run(  # noqa: S603 - our own module in our own interpreter
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_page_describes_every_topic_type_and_field() -> None:
    page = generated(WORKSPACE)[PAGE]
    assert page.startswith("<!-- Generated")
    for topic in TOPICS:
        assert f"| `{topic.name}` | {topic.key} | {topic.partitions} |" in page
    for payload in payloads():
        section = page.split(f"\n## {payload.event_type}\n")[1].split("\n## ")[0]
        assert all(f"| `{field}` |" in section for field in payload.model_fields)
        assert "```json" in section


def test_links_of_the_page_lead_to_its_headings() -> None:
    page = generated(WORKSPACE)[PAGE]
    headings = {line.lstrip("# ").lower().replace(".", "") for line in page.splitlines() if line.startswith("#")}
    links = {part.split(")")[0] for part in page.split("](#")[1:]}
    assert links
    assert links <= headings
