"""The table of what was judged: a row for each operation and source, and below it every problem once."""

from collections.abc import Iterable, Iterator, Mapping

from fidelity.verdict import Row, Verdict

_HEAD = ("operation", "source", "requests", "answers", "invalid", "broken", "statuses")
_WORDS = ("operation", "source", "statuses")


def printed(verdicts: Mapping[str, Verdict]) -> str:
    """`verdicts` by source."""
    named = [(name, source, row) for source, verdict in verdicts.items() for name, row in verdict.rows.items()]
    cells = [_HEAD, *(_cells(*each) for each in sorted(named, key=lambda each: each[:2]))]
    cells += [_cells("(all)", source, _sum(verdict.rows.values())) for source, verdict in verdicts.items()]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(_aligned(line, widths)).rstrip() for line in cells]
    return "\n".join([*lines, *_remarks(verdicts), *_problems(verdicts)])


def _cells(name: str, source: str, row: Row) -> tuple[str, ...]:
    statuses = " ".join(f"{status}x{count}" for status, count in sorted(row.statuses.items()))
    return (name, source, str(row.requests), str(row.answers), str(row.invalid), str(row.broken), statuses)


def _aligned(line: Iterable[str], widths: Iterable[int]) -> Iterator[str]:
    """Words to the left, numbers to the right."""
    for title, cell, width in zip(_HEAD, line, widths, strict=True):
        yield cell.ljust(width) if title in _WORDS else cell.rjust(width)


def _sum(rows: Iterable[Row]) -> Row:
    total = Row()
    for row in rows:
        total.requests += row.requests
        total.answers += row.answers
        total.invalid += row.invalid
        total.broken += row.broken
        total.statuses.update(row.statuses)
    return total


def _remarks(verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    for source, verdict in verdicts.items():
        if verdict.by_hand:
            yield f"left out: {source}: {verdict.by_hand} requests that a test made by hand, as their User-Agent says"


def _problems(verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    for source, verdict in verdicts.items():
        for (name, reason), count in sorted(verdict.problems.items()):
            yield f"invalid: {source}: {name}: {reason} ({count} times)"
