"""Documents that do not travel as a request or an answer of a model: feeds, their reports, notifications.

`Document` names the schema's file in the folder of models. Each source hands them over (`Recording`).
"""

import dataclasses as dc
import json
from pathlib import Path
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from fidelity.models import ModelsError

_LONGEST_REASON = 300


@dc.dataclass(frozen=True, slots=True)
class Document:
    """`schema`: the file's name, such as `listings-feed-schema-v2.json`. `content`: JSON; None where it is none."""

    schema: str
    content: Any


class DocumentSchemas:
    """The schemas in the folder of models, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._validators: dict[str, Validator] = {}

    def problems(self, document: Document) -> list[str]:
        """What is wrong with a document by its schema.

        Raises:
            ModelsError: the schema can't be read.
        """
        if document.schema not in self._validators:
            self._validators[document.schema] = self._read(document.schema)
        validator = self._validators[document.schema]
        return [
            f"{'/'.join(map(str, e.absolute_path)) or '(whole)'}: {e.message}"[:_LONGEST_REASON]
            for e in validator.iter_errors(document.content)
        ]

    def _read(self, name: str) -> Validator:
        try:
            schema = json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelsError(f"{name} can't be read: SPAPI_MODELS must hold Amazon's schemas too") from error
        validator: Validator = validator_for(schema)(schema)
        return validator
