"""Judging what was recorded: a row for each operation, a reason for each thing that is wrong."""

import collections
import dataclasses as dc
from collections.abc import Iterator, Sequence
from pathlib import Path

from fidelity import lwa
from fidelity.answers import problems_of_answer
from fidelity.documents import Document, problems_of_document
from fidelity.exchange import Exchange
from fidelity.models import Operation, find
from fidelity.requests import problems_of_request
from fidelity.transfers import NAME, Transfers


@dc.dataclass(slots=True)
class Row:
    """`invalid` counts exchanges with a problem, `statuses` how often each status was answered."""

    requests: int = 0
    answers: int = 0
    invalid: int = 0
    statuses: collections.Counter[int] = dc.field(default_factory=collections.Counter)


@dc.dataclass(slots=True)
class Verdict:
    """By operation; a problem's key is the operation and the reason, its value how often it came up."""

    rows: dict[str, Row] = dc.field(default_factory=dict)
    problems: collections.Counter[tuple[str, str]] = dc.field(default_factory=collections.Counter)

    @property
    def is_good(self) -> bool:
        """Something was checked, and nothing is wrong."""
        return bool(self.rows) and not self.problems

    def note(self, name: str, problems: Sequence[str]) -> Row:
        row = self.rows.setdefault(name, Row())
        row.invalid += bool(problems)
        self.problems.update((name, problem) for problem in problems)
        return row


def judge(operations: Sequence[Operation], exchanges: Sequence[Exchange]) -> Verdict:
    """Check every exchange against its operation."""
    verdict, transfers = Verdict(), Transfers(exchanges)
    for exchange in exchanges:
        is_transfer = transfers.has(exchange)
        name, problems = (NAME, list(transfers.problems(exchange))) if is_transfer else _check(operations, exchange)
        row = verdict.note(name, problems)
        row.requests += 1
        if exchange.answer:
            row.answers += 1
            row.statuses[exchange.answer.status] += 1
    return verdict


def judge_documents(verdict: Verdict, folder: Path, documents: Sequence[Document]) -> None:
    """Add documents to a verdict, each as a request of its schema."""
    for document in documents:
        verdict.note(document.schema, problems_of_document(folder, document)).requests += 1


def printed(verdict: Verdict) -> str:
    """The table, and below it every problem once."""
    cells = [("operation", "requests", "answers", "invalid", "statuses")]
    for name, row in sorted(verdict.rows.items()):
        statuses = " ".join(f"{status}x{count}" for status, count in sorted(row.statuses.items()))
        cells.append((name, str(row.requests), str(row.answers), str(row.invalid), statuses))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines = [
        f"{line[0]:<{widths[0]}}  {line[1]:>{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:>{widths[3]}}  {line[4]}"
        for line in cells
    ]
    lines += [
        f"invalid: {name}: {reason} ({count} times)" for (name, reason), count in sorted(verdict.problems.items())
    ]
    return "\n".join(lines)


def _check(operations: Sequence[Operation], exchange: Exchange) -> tuple[str, list[str]]:
    request = exchange.request
    if request.path == lwa.PATH:
        return lwa.NAME, list(lwa.problems_of_token(exchange))
    operation = find(operations, request.method, request.path)
    if operation is None:
        return f"{request.method} (no model)", [f"no model has {request.method} {request.path}"]
    return operation.name, list(_problems(operation, exchange))


def _problems(operation: Operation, exchange: Exchange) -> Iterator[str]:
    yield from problems_of_request(operation, exchange.request)
    if exchange.answer:
        yield from problems_of_answer(operation, exchange.answer)
