"""What /openapi.json says of errors: the same for every route of every service."""

from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from runtime.problems import MEDIA_TYPE

_REFERENCE = "#/components/schemas/{model}"
_EVERYWHERE = {
    "401": "The header X-API-Key is missing or not known.",
    "403": "The key lacks the scope that the route needs.",
    "405": "The path has no such method.",
    "413": "The body is too large.",
    "422": "Something that was sent can't be used; `errors` says what and where.",
    "500": "A bug; the log says what.",
    "503": "The database does not answer at the moment.",
    "default": "Any other error.",
}
_OF_ONE_THING = {"404": "There is no such thing."}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")


class InvalidPart(BaseModel):
    """One part of a request that can't be used."""

    location: Annotated[str, Field(examples=["body.changes[3].sku"])]
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: Annotated[str, Field(examples=["about:blank", "urn:mizan:problem:missing-scope"])]
    title: str
    status: int
    detail: str
    instance: str
    errors: list[InvalidPart] = []


class DocumentedApp(FastAPI):
    """Names the problems beside each route's own answers."""

    def openapi(self) -> dict[str, Any]:
        schema = super().openapi()
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _describe(operation["responses"], path)
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        for name in _FRAMEWORKS_OWN:
            schemas.pop(name, None)
        schemas |= models_json_schema([(Problem, "serialization")], ref_template=_REFERENCE)[1]["$defs"]
        return schema


def _describe(responses: dict[str, Any], path: str) -> None:
    if not path.startswith("/v1/"):
        return
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    possible = _EVERYWHERE | (_OF_ONE_THING if "{" in path else {})
    responses |= {status: {"description": words, "content": content} for status, words in possible.items()}
