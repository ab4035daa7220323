"""Amazon's API models: the operations of the Swagger 2.0 documents in a folder."""

import dataclasses as dc
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fidelity.schemas import Json, Schemas

_METHODS = ("get", "put", "post", "patch", "delete")
_JSON = ("application/json",)


class ModelsError(Exception):
    """The folder of models can't be used; the message says what to do."""


@dc.dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a model. `path` matches a path as it is sent, its groups are the path's parameters."""

    name: str
    method: str
    path: re.Pattern[str]
    parameters: Sequence[Json]
    responses: Mapping[str, Json]
    consumes: Sequence[str]
    schemas: Schemas


def read_models(folder: Path) -> list[Operation]:
    """Every operation of every model in the folder; other documents are passed over.

    Raises:
        ModelsError: there is no model.
    """
    documents = [_read(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    models = [document for document in documents if document.get("swagger") == "2.0"]
    if not models:
        raise ModelsError(
            f"no Swagger 2.0 model in {folder}: set SPAPI_MODELS to the folder that holds Amazon's models"
        )
    return [operation for model in models for operation in _operations(model)]


def find(operations: Sequence[Operation], method: str, path: str) -> Operation | None:
    """The operation that serves such a request."""
    return next((o for o in operations if o.method == method and o.path.fullmatch(path)), None)


def _read(path: Path) -> Json:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelsError(f"{path.name} can't be read ({type(error).__name__}): mend or remove it") from error
    return document if isinstance(document, dict) else {}


def _operations(model: Json) -> list[Operation]:
    schemas = Schemas(model.get("definitions", {}))
    return [
        Operation(
            name=spec["operationId"],
            method=method.upper(),
            path=_pattern(model.get("basePath", "").rstrip("/") + template),
            parameters=[_resolved(model, each) for each in (*item.get("parameters", ()), *spec.get("parameters", ()))],
            responses={status: _resolved(model, answer) for status, answer in spec["responses"].items()},
            consumes=spec.get("consumes") or model.get("consumes") or _JSON,
            schemas=schemas,
        )
        for template, item in model["paths"].items()
        for method, spec in item.items()
        if method in _METHODS
    ]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts)))


def _resolved(model: Json, spec: Json) -> Json:
    """A parameter or an answer, itself or from the document's shared ones."""
    found: Any = spec
    if "$ref" in spec:
        found = model
        for name in spec["$ref"].removeprefix("#/").split("/"):
            found = found[name]
    return dict(found)
