"""A comparison of policies as people read it."""

from collections.abc import Iterator, Sequence

from inventory.simulation.chart import page, svg
from inventory.simulation.demand import Setting
from inventory.simulation.result import Result, percentile

_HEAD = ("policy", "oversold", "refused", "sold", "calls", "reads", "waited", "wait p50", "wait p99")


def lines(results: Sequence[Result]) -> Iterator[str]:
    """A table, then each policy's rule, then each unit that was oversold under escrow, with its cause."""
    rows = [_HEAD, *(_row(result) for result in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    for first, *others in rows:
        figures = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *figures])
    yield ""
    for result in results:
        yield f"{result.policy.ljust(widths[0])}  {result.rule}"
    for result in results:
        for sale in result.oversales:
            yield f"{result.policy}: oversold {sale.sku} on {sale.channel} at {sale.at:.0f} s: {sale.why}"


def _row(result: Result) -> tuple[str, ...]:
    counts = (result.oversold, result.refused, result.sold, result.calls, result.reads)
    waits = (f"{percentile(result.waits, share):.0f} s" for share in (0.5, 0.99))
    return (result.policy, *(f"{count:,}" for count in counts), f"{result.waited_share:.1%}", *waits)


def chart(results: Sequence[Result], setting: Setting, buyers: int, suffix: str) -> str:
    """A page, or the picture alone for `suffix` .svg."""
    flash = f" and {setting.flash:,} in a flash sale of an hour" if setting.flash else ""
    words = f"{buyers:,} buyers{flash}; stock for {setting.stock:.0%} of the demand; seed {setting.seed}"
    return svg(results, words) if suffix == ".svg" else page(results, words)
