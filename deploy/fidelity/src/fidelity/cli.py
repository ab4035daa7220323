"""`make fidelity`."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from fidelity.models import ModelsError, read_models
from fidelity.scenes import play
from fidelity.verdict import judge, judge_documents, printed

_GOOD, _FOUND_A_PROBLEM, _WRONG_USE = 0, 1, 2


def main() -> None:
    sys.exit(run(os.environ))


def run(environment: Mapping[str, str]) -> int:
    """Exit code 0: all is as the models say. 1: something is not, and is listed. 2: there are no models."""
    folder = environment.get("SPAPI_MODELS", "")
    if not folder:
        print("fidelity: set SPAPI_MODELS to the folder that holds Amazon's API models (*.json)", file=sys.stderr)
        return _WRONG_USE
    try:
        operations = read_models(Path(folder))
        recorded = asyncio.run(play())
        verdict = judge(operations, recorded.exchanges)
        judge_documents(verdict, Path(folder), recorded.documents)
    except ModelsError as error:
        print(f"fidelity: {error}", file=sys.stderr)
        return _WRONG_USE
    print(printed(verdict))
    return _GOOD if verdict.is_good else _FOUND_A_PROBLEM
