"""Judging what was recorded: for each source a row for each operation, a reason for each thing that is wrong."""

import collections
import dataclasses as dc
from collections.abc import Iterable, Iterator, Sequence

from fidelity import lwa
from fidelity.answers import problems_of_answer
from fidelity.documents import Document, DocumentSchemas
from fidelity.exchange import Exchange
from fidelity.models import Operation, find
from fidelity.requests import problems_of_request
from fidelity.transfers import NAME, Transfers


@dc.dataclass(slots=True)
class Row:
    """`invalid` counts exchanges with a problem, `statuses` how often each status was answered.

    `broken`: answers that the sandbox broke off on purpose. They are among no `answers`; their requests are judged.
    """

    requests: int = 0
    answers: int = 0
    invalid: int = 0
    broken: int = 0
    statuses: collections.Counter[int] = dc.field(default_factory=collections.Counter)

    def count(self, exchange: Exchange) -> None:
        self.requests += 1
        self.broken += exchange.is_broken
        if exchange.answer and not exchange.is_broken:
            self.answers += 1
            self.statuses[exchange.answer.status] += 1


@dc.dataclass(slots=True)
class Verdict:
    """By operation; a problem's key is the operation and the reason, its value how often it came up.

    `by_hand`: requests that a test made itself, which are not judged.
    """

    rows: dict[str, Row] = dc.field(default_factory=dict)
    problems: collections.Counter[tuple[str, str]] = dc.field(default_factory=collections.Counter)
    by_hand: int = 0

    @property
    def is_good(self) -> bool:
        """Something was checked, and nothing is wrong."""
        return bool(self.rows) and not self.problems

    def note(self, name: str, problems: Sequence[str]) -> Row:
        row = self.rows.setdefault(name, Row())
        row.invalid += bool(problems)
        self.problems.update((name, problem) for problem in problems)
        return row


def judge(operations: Sequence[Operation], exchanges: Sequence[Exchange], verdict: Verdict | None = None) -> Verdict:
    """Check every exchange of one sandbox against its operation, and add to a verdict."""
    verdict, transfers = verdict or Verdict(), Transfers(exchanges)
    for exchange in exchanges:
        is_transfer = transfers.has(exchange)
        name, problems = (NAME, list(transfers.problems(exchange))) if is_transfer else _check(operations, exchange)
        failure = [f"the sandbox failed: {exchange.failure}"] if exchange.failure else []
        verdict.note(name, [*problems, *failure]).count(exchange)
    return verdict


def judge_documents(verdict: Verdict, schemas: DocumentSchemas, documents: Iterable[Document]) -> None:
    """Add documents to a verdict, each as a request of its schema."""
    for document in documents:
        verdict.note(document.schema, schemas.problems(document)).requests += 1


def _check(operations: Sequence[Operation], exchange: Exchange) -> tuple[str, list[str]]:
    request = exchange.request
    judged = dc.replace(exchange, answer=None) if exchange.is_broken else exchange
    if request.path == lwa.PATH:
        return lwa.NAME, list(lwa.problems_of_token(judged))
    operation = find(operations, request.method, request.path)
    if operation is None:
        return f"{request.method} (no model)", [f"no model has {request.method} {request.path}"]
    return operation.name, list(_problems(operation, judged))


def _problems(operation: Operation, exchange: Exchange) -> Iterator[str]:
    yield from problems_of_request(operation, exchange.request)
    if exchange.answer:
        yield from problems_of_answer(operation, exchange.answer)
