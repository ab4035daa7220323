"""The comparison as a picture: SVG, by itself or in a page that needs nothing else."""

import html
from collections.abc import Callable, Sequence

from inventory.simulation.result import Result

_WIDTH, _LEFT, _BARS, _ROW, _PANEL_TOP = 860, 150, 560, 26, 46
_COLOURS = ("#b3261e", "#c77700", "#33658a")
_FONT = "font-family='Helvetica, Arial, sans-serif'"
_PANELS: Sequence[tuple[str, Callable[[Result], int]]] = (
    ("Oversold: units sold that did not exist", lambda result: result.oversold),
    ("Refused: buyers turned away while a unit was in stock", lambda result: result.refused),
    ("Set-quantity calls to the marketplaces", lambda result: result.calls),
)


def page(results: Sequence[Result], setting: str) -> str:
    """An HTML page with the chart and the rule of each policy."""
    cells = "".join(
        f"<tr><th>{html.escape(result.policy)}</th><td>{html.escape(result.rule)}</td></tr>" for result in results
    )
    style = (
        "body{font-family:Helvetica,Arial,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem;color:#222}"
        "svg{width:100%;height:auto}table{border-collapse:collapse;font-size:.85rem}"
        "th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid #ddd}"
        "th{white-space:nowrap}"
    )
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Policies side by side</title>"
        f"<style>{style}</style></head>\n<body>\n{svg(results, setting)}\n"
        f"<table><caption>What each policy does</caption>{cells}</table>\n</body></html>\n"
    )


def svg(results: Sequence[Result], setting: str) -> str:
    """Three panels of bars, one bar a policy; each panel has a scale of its own, from zero."""
    height = 76 + len(_PANELS) * _panel_height(results)
    panels = "".join(
        _panel(results, title, value, colour, 76 + place * _panel_height(results))
        for place, ((title, value), colour) in enumerate(zip(_PANELS, _COLOURS, strict=True))
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}' "
        f"role='img' aria-label='Policies side by side' {_FONT}>"
        f"<rect width='{_WIDTH}' height='{height}' fill='#ffffff'/>"
        + _text(16, 30, "Policies side by side", 20, weight="bold")
        + _text(16, 54, setting, 13, colour="#555555")
        + f"{panels}</svg>"
    )


def _panel_height(results: Sequence[Result]) -> int:
    return _PANEL_TOP + _ROW * len(results)


def _panel(results: Sequence[Result], title: str, value: Callable[[Result], int], colour: str, top: int) -> str:
    longest = max([value(result) for result in results] + [1])
    rows = [_text(16, top + 26, title, 14, weight="bold")]
    for place, result in enumerate(results):
        y = top + _PANEL_TOP - 8 + place * _ROW
        length = round(_BARS * value(result) / longest, 1)
        rows += [
            _text(_LEFT - 10, y + 14, result.policy, 13, anchor="end"),
            f"<rect x='{_LEFT}' y='{y}' width='{length}' height='18' fill='{colour}'/>",
            _text(_LEFT + length + 8, y + 14, f"{value(result):,}", 13),
        ]
    axis = top + _PANEL_TOP - 12
    line = f"<line x1='{_LEFT}' x2='{_LEFT}' y1='{axis}' y2='{axis + _ROW * len(results)}' stroke='#888888'/>"
    return "".join([*rows, line])


def _text(  # noqa: PLR0913, PLR0917 - each is an attribute of one SVG element
    x: float, y: float, words: str, size: int, anchor: str = "start", weight: str = "normal", colour: str = "#222222"
) -> str:
    style = f"font-size='{size}' text-anchor='{anchor}' font-weight='{weight}' fill='{colour}'"
    return f"<text x='{x}' y='{y}' {style}>{html.escape(words)}</text>"
