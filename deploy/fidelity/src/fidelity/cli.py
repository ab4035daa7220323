"""`make fidelity`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from fidelity.documents import DocumentSchemas
from fidelity.models import ModelsError, Operation, read_models
from fidelity.records import RecordError
from fidelity.sources import SOURCES, Played, Source, recorded
from fidelity.table import printed
from fidelity.verdict import Verdict, judge, judge_documents

_GOOD, _FOUND_A_PROBLEM, _WRONG_USE = 0, 1, 2
_FOLDER = Path("var/fidelity")


class WrongUseError(Exception):
    """The message says what to set."""


def main() -> None:
    sys.exit(run(os.environ))


def run(environment: Mapping[str, str], folder: Path = _FOLDER) -> int:
    """Exit code 0: all is as the models say. 1: something is not, and is listed. 2: it could not be run.

    `folder`: where each source records.
    """
    try:
        models = _models(environment)
        operations, schemas = read_models(models), DocumentSchemas(models)
        verdicts, complaints = {}, []
        for name, (source, place) in _wanted(environment, folder).items():
            _say(f"{name}: it begins")
            played = source(place)
            _say(f"{name}: checking what went over the wire")
            verdicts[name] = _judge(operations, schemas, played)
            complaints += [f"{name}: {played.complaint}"] if played.complaint else []
    except (WrongUseError, ModelsError, RecordError) as error:
        print(f"fidelity: {error}", file=sys.stderr)
        return _WRONG_USE
    print(printed(verdicts))
    complaints += [f"{name}: nothing went over the wire" for name, verdict in verdicts.items() if not verdict.rows]
    for complaint in complaints:
        _say(complaint)
    is_good = not complaints and all(verdict.is_good for verdict in verdicts.values())
    return _GOOD if is_good else _FOUND_A_PROBLEM


def _models(environment: Mapping[str, str]) -> Path:
    folder = environment.get("SPAPI_MODELS", "")
    if not folder:
        raise WrongUseError("set SPAPI_MODELS to the folder that holds Amazon's API models (*.json)")
    return Path(folder)


def _wanted(environment: Mapping[str, str], folder: Path) -> dict[str, tuple[Source, Path]]:
    """What to play, each with its folder: all of it, one source, or nothing where a record is there already."""
    records, one = environment.get("RECORDS", ""), environment.get("FIDELITY", "")
    if records:
        return {"record": (recorded, Path(records))}
    if one and one not in SOURCES:
        raise WrongUseError(f"FIDELITY={one} is none of {', '.join(SOURCES)}; without it all are played")
    return {name: (source, folder / name) for name, source in SOURCES.items() if one in ("", name)}


def _judge(operations: list[Operation], schemas: DocumentSchemas, played: Played) -> Verdict:
    verdict = Verdict()
    for recording in played.recordings:
        judge(operations, recording.exchanges, verdict)
        judge_documents(verdict, schemas, recording.documents)
        verdict.by_hand += recording.by_hand
    return verdict


def _say(line: str) -> None:
    print(f"fidelity: {line}", file=sys.stderr, flush=True)
