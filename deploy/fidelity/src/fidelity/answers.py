"""Whether an answer is what an operation's model promises for its status."""

from collections.abc import Iterator

from fidelity.exchange import Answer
from fidelity.models import Operation
from fidelity.schemas import Json

_OWN_HEADERS = "x-amzn-"
_REQUEST_ID = "x-amzn-requestid"


def problems_of_answer(operation: Operation, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer. The rate's header may be left out, an undeclared one may not be there."""
    spec = operation.responses.get(str(answer.status))
    if spec is None:
        yield f"status {answer.status}: not in the model"
        return
    problems = (*_of_headers(spec, answer), *_of_body(operation, spec, answer))
    yield from (f"answer {answer.status}: {problem}" for problem in problems)


def _of_headers(spec: Json, answer: Answer) -> Iterator[str]:
    declared = {name.lower() for name in spec.get("headers", {})}
    for name in answer.headers:
        if name.lower().startswith(_OWN_HEADERS) and name.lower() not in declared:
            yield f"header {name}: not in the model"
    if _REQUEST_ID in declared and not answer.headers.get(_REQUEST_ID):
        yield f"header {_REQUEST_ID}: missing"


def _of_body(operation: Operation, spec: Json, answer: Answer) -> Iterator[str]:
    if "schema" not in spec:
        if answer.body:
            yield "body: the model has none"
        return
    if not answer.headers.get("content-type", "").startswith("application/json"):
        yield "header content-type: not application/json"
    yield from (f"body: {problem}" for problem in operation.schemas.problems_of_text(spec["schema"], answer.body))
