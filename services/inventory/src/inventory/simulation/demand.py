"""Who wants what, when and where: from files of real sales lines."""

import csv
import dataclasses as dc
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

COLUMNS = ("StockCode", "Quantity", "InvoiceDate")
OPENING = 3600.0
"""Seconds before the first buyer may come: time for the first quantities to go live."""

_LONGEST_GAP = 3600.0
_FLASH_SECONDS = 3600.0
_FLASH_SKUS = 20


class BadSalesError(Exception):
    """A file of sales that can't be used; the message says what to do."""


@dc.dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody wants one unit. `at`: seconds since the start."""

    at: float
    sku: str
    channel: str


@dc.dataclass(frozen=True, slots=True)
class Demand:
    """`buyers` in the order of time; `stock`: the units of each SKU at the start."""

    buyers: tuple[Buyer, ...]
    stock: Mapping[str, int]


@dc.dataclass(frozen=True, slots=True)
class Setting:
    """How the demand is drawn and how much is in stock.

    `flash`: single units more, within an hour in the middle, of the best sellers. `stock`: the share of each SKU's
    demand that is there. `shares`: how likely a buyer comes to each channel.
    """

    flash: int = 0
    stock: float = 0.8
    seed: int = 1
    shares: Mapping[str, float] = dc.field(default_factory=lambda: {"saberstore": 0.4, "amazon": 0.4, "noon": 0.2})


def load(paths: Iterable[Path]) -> list[tuple[float, str]]:
    """(seconds since the first, SKU) of each line with a product code and a quantity above zero, in order of time.

    Gaps longer than an hour, such as nights, are shortened to one.

    Raises:
        BadSalesError: a file can't be read as sales lines.
    """
    lines = sorted(line for path in paths for line in _read(path))
    if not lines:
        raise BadSalesError(
            "no sale in these files: a sale has a StockCode that begins with a digit and a Quantity above 0"
        )
    wanted, clock, before = [], 0.0, lines[0][0]
    for moment, sku in lines:
        clock += min((moment - before).total_seconds(), _LONGEST_GAP)
        before = moment
        wanted.append((clock, sku))
    return wanted


def _read(path: Path) -> Iterator[tuple[dt.datetime, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise BadSalesError(
                    f"{path}: no column {', '.join(missing)}; the first row must name {', '.join(COLUMNS)}"
                )
            for row in rows:
                try:
                    if row["StockCode"][:1].isdigit() and int(row["Quantity"]) > 0:
                        yield dt.datetime.fromisoformat(row["InvoiceDate"]), row["StockCode"]
                except (ValueError, TypeError) as error:
                    raise BadSalesError(f"{path}, line {rows.line_num}: {error}") from error
    except OSError as error:
        raise BadSalesError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSalesError(f"{path} is no CSV in UTF-8: {error}") from error


def draw(lines: Sequence[tuple[float, str]], setting: Setting) -> Demand:
    """The same for the same seed."""
    chance = random.Random(setting.seed)  # noqa: S311 - a repeatable simulation, nothing secret
    wanted = sorted([*lines, *_flash(lines, setting, chance)])
    names, weights = list(setting.shares), list(setting.shares.values())
    channels = chance.choices(names, weights, k=len(wanted))
    buyers = tuple(Buyer(at, sku, channel) for (at, sku), channel in zip(wanted, channels, strict=True))
    demanded = Counter(sku for _, sku in wanted)
    return Demand(buyers, {sku: max(1, round(units * setting.stock)) for sku, units in demanded.items()})


def _flash(lines: Sequence[tuple[float, str]], setting: Setting, chance: random.Random) -> list[tuple[float, str]]:
    """An hour in the middle, evenly, on the best sellers."""
    best = [sku for sku, _ in Counter(sku for _, sku in lines).most_common(_FLASH_SKUS)]
    begins = (lines[-1][0] - _FLASH_SECONDS) / 2
    return [(begins + chance.random() * _FLASH_SECONDS, chance.choice(best)) for _ in range(setting.flash)]
