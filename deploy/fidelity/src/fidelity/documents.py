"""Documents that do not travel as a request or an answer of a model: feeds, their reports, notifications.

`Document` names the schema's file in the folder of models. The run hands them over (`scenes.py`).
"""

import dataclasses as dc
import json
from pathlib import Path
from typing import Any

from jsonschema.validators import validator_for

from fidelity.models import ModelsError


@dc.dataclass(frozen=True, slots=True)
class Document:
    """`schema`: the file's name, such as `listings-feed-schema-v2.json`."""

    schema: str
    content: dict[str, Any]


def problems_of_document(folder: Path, document: Document) -> list[str]:
    """What is wrong with a document by its schema.

    Raises:
        ModelsError: the schema can't be read.
    """
    try:
        schema = json.loads((folder / document.schema).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelsError(f"{document.schema} can't be read: SPAPI_MODELS must hold Amazon's schemas too") from error
    validator = validator_for(schema)(schema)
    return [
        f"{'/'.join(map(str, e.absolute_path)) or '(whole)'}: {e.message}"
        for e in validator.iter_errors(document.content)
    ]
