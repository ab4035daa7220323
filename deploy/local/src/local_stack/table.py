"""Tables for a person."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> str:
    """`rows`, the first being the heading, in columns as wide as their widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
