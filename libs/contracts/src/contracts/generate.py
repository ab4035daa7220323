"""Writes what is generated from the contracts: `python -m contracts.generate [--check | --release] [--root FOLDER]`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contracts.asyncapi import asyncapi_document
from contracts.events_page import events_page
from contracts.json_schemas import event_schema, payloads
from contracts.orphans import NOBODY, orphans
from contracts.released import freeze, incompatible
from contracts.typescript import typescript_types
from contracts.workspace import ASYNCAPI, EXAMPLES, PAGE, SCHEMAS, TYPESCRIPT, WORKSPACE, schema_file

_DIFFERS = "differs from the code, run python -m contracts.generate"


def generated(root: Path) -> dict[Path, str]:
    """The text of every generated file by its path from `root`, whose examples go into the documents.

    Raises:
        FileNotFoundError: an event type has no example.
    """
    schemas = {SCHEMAS / schema_file(payload.event_type): _pretty(event_schema(payload)) for payload in payloads()}
    examples = {payload.event_type: _first_example(root, payload.event_type) for payload in payloads()}
    return schemas | {
        PAGE: events_page(examples),
        ASYNCAPI: _pretty(asyncapi_document(examples)),
        TYPESCRIPT: typescript_types(),
    }


def differing(root: Path) -> list[Path]:
    """Files under `root` that are missing, hold something else than the code gives, or that nothing generates."""
    wanted = generated(root)
    changed = [path for path, text in wanted.items() if _read(root / path) != text.encode()]
    return sorted([*changed, *_left_over(root, wanted)])


def write(root: Path) -> list[Path]:
    """Bring the generated files up to date and return those that changed or went away."""
    wanted = generated(root)
    stale = differing(root)
    for path in stale:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(wanted[path].encode())
        else:
            (root / path).unlink()
    return stale


def _pretty(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _first_example(root: Path, event_type: str) -> dict[str, Any]:
    folder = root / EXAMPLES / event_type
    first = min(folder.glob("*.json"), default=None)
    if first is None:
        raise FileNotFoundError(f"{event_type} has no example: put one into {folder}, such as 01-plain.json")
    example: dict[str, Any] = json.loads(first.read_bytes())
    return example


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _left_over(root: Path, wanted: dict[Path, str]) -> list[Path]:
    found = (path.relative_to(root) for path in (root / SCHEMAS).glob("*.schema.json"))
    return [path for path in found if path not in wanted]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with `--check` only name those that differ. Returns the exit status.

    Either way it names orphans and what is incompatible with the release, and then returns 1. `--release` makes the
    schemas and examples the released ones, if there is nothing to name.
    """
    options = _options(arguments)
    try:
        done, problems = _checked(options.root) if options.check or options.release else _written(options.root)
        if options.release and not problems:
            done = [f"{path}: released" for path in freeze(options.root)]
    except (FileNotFoundError, FileExistsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.writelines(f"{line}\n" for line in (*done, *problems))
    return 1 if problems else 0


def _checked(root: Path) -> tuple[list[str], list[str]]:
    wanted = generated(root)
    differs = [f"{path}: {_DIFFERS if path in wanted else NOBODY}" for path in differing(root)]
    return [], [*differs, *orphans(root), *incompatible(root)]


def _written(root: Path) -> tuple[list[str], list[str]]:
    return [f"{path}: written" for path in write(root)], [*orphans(root), *incompatible(root)]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m contracts.generate", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; exit 1 if there is anything to say")
    mode.add_argument("--release", action="store_true", help="freeze the schemas and examples as the released ones")
    parser.add_argument("--root", type=Path, default=WORKSPACE, help="the workspace (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
