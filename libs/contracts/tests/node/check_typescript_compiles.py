"""tsc accepts events.ts and every golden example in its type, and refuses what no event may be.

Node.js is no prerequisite of `make test`, so pytest finds this file only when it is named: `make typescript` does.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from contracts.workspace import EXAMPLES, TYPESCRIPT, WORKSPACE

FOLDER = (WORKSPACE / TYPESCRIPT).parent
TSC = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
FILES = sorted((WORKSPACE / EXAMPLES).rglob("*.json"))

READER = """\
import type { MizanEvent, StockChanged, TopicEvent } from "./events";

export function units(event: TopicEvent<"stock.changed">): number {
  switch (event.type) {
    case "stock.changed.v1":
      return event.data.change_qty ?? event.data.counted_qty ?? 0;
    case "orders.watermark.v1":
      return Date.parse(event.data.known_until);
  }
}

export const sale: StockChanged = { sku: "SB-1", reason: "sale", change_qty: -1 };
export const types = (event: MizanEvent): string => event.type;
"""

REFUSED = {
    "a misspelt value": '{ sku: "SB-1", reason: "sold", change_qty: -1 }',
    "a missing field": '{ reason: "sale", change_qty: -1 }',
    "a misspelt field": '{ sku: "SB-1", reason: "sale", change_quantity: -1 }',
    "a quantity in words": '{ sku: "SB-1", reason: "sale", change_qty: "-1" }',
    "no SKU": '{ sku: null, reason: "sale", change_qty: -1 }',
}


def compiled(folder: Path, *sources: str) -> str:
    """What tsc says of the files; nothing, if it accepts them."""
    shutil.copy(WORKSPACE / TYPESCRIPT, folder)
    node = shutil.which("node")
    assert node, "install Node.js 18 or newer"
    assert TSC.is_file(), "run make typescript, which installs tsc"
    command = [node, str(TSC), "--strict", "--noEmit", "--pretty", "false", "events.ts", *sources]
    run = subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    assert (run.returncode == 0) == (run.stdout == "")
    return run.stdout + run.stderr


def event_type_of(example: Path) -> str:
    return str(json.loads(example.read_bytes())["type"])


def test_every_golden_example_has_its_type_and_a_reader_narrows_by_it(tmp_path: Path) -> None:
    assert len(FILES) > 2 * 40
    lines = [
        f'export const example{number}: MizanEvent<"{event_type_of(example)}"> = {example.read_text(encoding="utf-8")};'
        for number, example in enumerate(FILES)
    ]
    head = 'import type { MizanEvent } from "./events";\n'
    (tmp_path / "examples.ts").write_text(head + "\n".join(lines), encoding="utf-8")
    (tmp_path / "reader.ts").write_text(READER, encoding="utf-8")
    assert compiled(tmp_path, "examples.ts", "reader.ts") == ""


def test_each_example_is_refused_as_another_type(tmp_path: Path) -> None:
    firsts = {event_type_of(example): example for example in reversed(FILES)}
    lines = [
        f"// @ts-expect-error\nexport const example{number}: MizanEvent<"
        f'"{other}"> = {json.dumps(json.loads(example.read_bytes()))};'
        for number, (example, other) in enumerate(zip(firsts.values(), [*firsts][1:] + [*firsts][:1], strict=True))
    ]
    assert len(lines) > 10
    head = 'import type { MizanEvent } from "./events";\n'
    (tmp_path / "swapped.ts").write_text(head + "\n".join(lines), encoding="utf-8")
    assert compiled(tmp_path, "swapped.ts") == ""


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_what_no_event_may_be_is_refused(tmp_path: Path, data: str) -> None:
    source = f'import type {{ StockChanged }} from "./events";\nexport const data: StockChanged = {data};\n'
    (tmp_path / "wrong.ts").write_text(source, encoding="utf-8")
    assert compiled(tmp_path, "wrong.ts").startswith("wrong.ts(2,")
