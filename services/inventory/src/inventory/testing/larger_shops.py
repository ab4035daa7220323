"""`make model-check`: every state of shops that are too large for every test run."""

import dataclasses as dc
import sys
import time

from inventory.testing.channel_steps import STOREFRONT, Manners
from inventory.testing.model_check import ModelCheck, Shop

_PLAIN = Manners(moves=2, doubts=False, refusals=False)
_CALM = dc.replace(_PLAIN, moves=1, writes=1)
SHOPS = {
    "three units, refused": Shop(3, (dc.replace(_PLAIN, refusals=True),), is_crowded=True),
    "two units, refused or unknown": Shop(2, (Manners(moves=2),), is_crowded=True),
    "two units, three moves": Shop(2, (dc.replace(_PLAIN, moves=3),), is_crowded=True),
    "two units, a cancellation": Shop(2, (_CALM,), cancels=1, is_crowded=True),
    "one unit, two cancellations": Shop(1, (_CALM,), cancels=2, is_crowded=True),
    "one unit, readings and a cancellation": Shop(1, (dc.replace(_CALM, readings=True),), cancels=1, is_crowded=True),
    "two units, two marketplaces, two moves": Shop(2, (dc.replace(_PLAIN, writes=1),) * 2, twins=2),
    "three units, two marketplaces and a storefront": Shop(3, (_CALM, _CALM, dc.replace(STOREFRONT, moves=1)), twins=2),
}


def main() -> int:
    """Print how many states each shop has; 1 if one of them oversells."""
    for name, shop in SHOPS.items():
        began = time.monotonic()
        report = ModelCheck(dc.replace(shop, most=shop.most or _MOST)).run()
        seconds = time.monotonic() - began
        whole = "" if report.states < _MOST else f" (given up after {_MOST:,})"
        _say(f"{name}: {report.states:,} states, {report.steps:,} steps, {seconds:.0f} s{whole}")
        if report.violation is not None:
            _say("\n".join((report.violation, *report.path)))
            return 1
    return 0


_MOST = 3_000_000


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
