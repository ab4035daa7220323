"""`--check` refuses drift, orphans and what breaks readers of a release; each is planted here once."""

import json
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest
from contracts import TOPICS, Payload, parse
from contracts.generate import main, write
from contracts.json_schemas import payloads
from contracts.orphans import undeclared
from contracts.released import freeze, incompatible
from contracts.workspace import (
    ASYNCAPI,
    EXAMPLES,
    RELEASED_EXAMPLES,
    RELEASED_SCHEMAS,
    SCHEMAS,
    TYPESCRIPT,
    WORKSPACE,
    schema_file,
)
from jsonschema import Draft202012Validator

STOCK = "stock.changed.v1"
RELEASED = sorted((WORKSPACE / RELEASED_EXAMPLES).glob("*/*"))

each_released_example = pytest.mark.parametrize("example", RELEASED, ids=lambda path: f"{path.parent.name}/{path.stem}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of one's own: the committed examples, everything generated, and the released files."""
    for folder in (EXAMPLES, RELEASED_SCHEMAS):
        shutil.copytree(WORKSPACE / folder, tmp_path / folder)
    write(tmp_path)
    return tmp_path


def check(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `--check` says; its exit status agrees with it."""
    status = main(["--check", "--root", str(root)])
    lines = capsys.readouterr().out.splitlines()
    assert status == (1 if lines else 0)
    return lines


def released_schema(root: Path) -> tuple[Path, dict[str, Any]]:
    path = root / RELEASED_SCHEMAS / schema_file(STOCK)
    return path, json.loads(path.read_bytes())


def test_a_workspace_as_it_should_be_passes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(root, capsys) == []


@pytest.mark.parametrize("path", [ASYNCAPI, TYPESCRIPT, SCHEMAS / schema_file(STOCK)], ids=str)
def test_planted_drift_is_found(root: Path, capsys: pytest.CaptureFixture[str], path: Path) -> None:
    (root / path).write_bytes((root / path).read_bytes().replace(b"restock", b"refill"))
    assert check(root, capsys) == [f"{path}: differs from the code, run python -m contracts.generate"]


def test_a_planted_orphan_schema_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / SCHEMAS / "order.forgotten.v1.schema.json").write_text("{}")
    [line] = check(root, capsys)
    assert line.startswith(f"{SCHEMAS}/order.forgotten.v1.schema.json: no topic carries this event")


def test_a_planted_orphan_example_is_found_and_never_deleted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orphan = root / EXAMPLES / "order.forgotten.v1"
    shutil.copytree(root / EXAMPLES / STOCK, orphan)
    [line] = check(root, capsys)
    assert line.startswith(f"{EXAMPLES}/order.forgotten.v1: no topic carries this event")
    assert main(["--root", str(root)]) == 1
    assert orphan.is_dir()


def test_a_planted_orphan_topic_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((root / ASYNCAPI).read_bytes())
    document["channels"]["order.forgotten"] = document["channels"]["order.changed"]
    (root / ASYNCAPI).write_text(json.dumps(document))
    drift, orphan = check(root, capsys)
    assert "differs" in drift
    assert orphan.startswith(f"{ASYNCAPI}: no topic order.forgotten in contracts.topics")


def test_an_event_class_that_no_topic_carries_is_found() -> None:
    class Forgotten(Payload):
        event_type: ClassVar[str] = "order.forgotten.v1"

        @property
        def subject(self) -> None:
            return None

    assert [*undeclared([Forgotten, *payloads()])] == [Forgotten]


def test_a_planted_incompatible_change_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, schema = released_schema(root)
    schema["$defs"]["StockReason"]["enum"].append("gift")
    schema["$defs"]["StockChanged"]["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(schema))
    lines = check(root, capsys)
    assert all(line.startswith(f"{STOCK}: readers of released events would fail") for line in lines)
    assert [line.split(": ", 2)[2] for line in lines] == [
        "event.data.reason: no longer takes 'gift'",
        "event.data.colour: was removed or renamed",
    ]
    assert main(["--root", str(root)]) == 1
    assert main(["--release", "--root", str(root)]) == 1
    assert json.loads(path.read_bytes()) == schema


def test_a_released_event_type_that_is_gone_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = released_schema(root)
    path.rename(path.with_name("stock.counted.v1.schema.json"))
    [line] = check(root, capsys)
    assert line.startswith("stock.counted.v1: was released and no topic carries it")


def test_a_released_example_that_cannot_be_read_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = min((root / RELEASED_EXAMPLES / STOCK).iterdir())
    document = json.loads(example.read_bytes())
    document["data"]["reason"] = "gift"
    example.write_text(json.dumps(document))
    [line] = check(root, capsys)
    assert line.startswith(f"{example.relative_to(root)}: was released and can't be read any more: invalid-event")


def test_what_only_grows_is_compatible(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, schema = released_schema(root)
    schema["$defs"]["StockReason"]["enum"].remove("stocktake")
    del schema["$defs"]["StockChanged"]["properties"]["line_reference"]
    path.write_text(json.dumps(schema))
    assert check(root, capsys) == []


def test_a_release_freezes_schemas_and_only_new_examples(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    freeze(root)  # what has come since the last release
    path, _ = released_schema(root)
    path.unlink()
    first, *others = sorted((root / RELEASED_EXAMPLES / STOCK).iterdir())
    kept = [other.read_bytes() for other in others]
    first.unlink()
    assert main(["--release", "--root", str(root)]) == 0
    released = set(capsys.readouterr().out.splitlines())
    assert {f"{first.relative_to(root)}: released", f"{path.relative_to(root)}: released"} <= released
    assert path.read_bytes() == (root / SCHEMAS / path.name).read_bytes()
    assert [other.read_bytes() for other in others] == kept
    assert freeze(root) == []


def test_a_version_releases_an_example_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = root / EXAMPLES / STOCK / "02-sale-in-the-storefront.json"
    example.write_bytes(example.read_bytes().replace(b'"change_qty": -1', b'"change_qty": -2'))
    write(root)
    before = sorted((root / RELEASED_EXAMPLES / STOCK).iterdir())
    status = main(["--release", "--root", str(root)])
    after = sorted((root / RELEASED_EXAMPLES / STOCK).iterdir())
    assert (status, after) == (2, before)
    assert "raise the version" in capsys.readouterr().err


def test_the_code_reads_what_was_released() -> None:
    assert incompatible(WORKSPACE) == []
    assert len(RELEASED) >= len(payloads())


@each_released_example
def test_a_released_example_is_still_read_and_says_the_same(example: Path) -> None:
    for topic in TOPICS:
        if example.parent.name in {payload.event_type for payload in topic.payloads}:
            event = parse(topic.name, example.read_bytes())
            document = json.loads(example.read_bytes())
            assert event.subject == document.get("subject")
            assert document["data"].items() <= json.loads(event.to_bytes())["data"].items()


@each_released_example
def test_a_released_example_satisfies_its_released_schema(example: Path) -> None:
    schema = json.loads((WORKSPACE / RELEASED_SCHEMAS / schema_file(example.parent.name)).read_bytes())
    assert list(Draft202012Validator(schema).iter_errors(json.loads(example.read_bytes()))) == []
