"""`make model-check`: every state of shops that are too large for every test run."""

import argparse
import dataclasses as dc
import sys
import time

from inventory.testing.channel_steps import STOREFRONT, Manners
from inventory.testing.class_check import ClassCheck
from inventory.testing.model_check import ModelCheck, Shop

_PLAIN = Manners(moves=2, doubts=False, refusals=False)
_CALM = dc.replace(_PLAIN, moves=1, writes=1)
_REFUSING = dc.replace(_PLAIN, refusals=True)
_CALM_STOREFRONT = dc.replace(STOREFRONT, moves=1)
_ENDLESS = dc.replace(_REFUSING, entries=6)
_DOUBTED = dc.replace(_ENDLESS, doubts=True)
_ENDLESS_STOREFRONT = dc.replace(STOREFRONT, entries=6)
ONE_BY_ONE = {
    "three units, refused": Shop(3, (_REFUSING,), is_crowded=True),
    "two units, refused or unknown": Shop(2, (Manners(moves=2),), is_crowded=True),
    "two units, three moves": Shop(2, (dc.replace(_PLAIN, moves=3),), is_crowded=True),
    "two units, a cancellation": Shop(2, (_CALM,), cancels=1, is_crowded=True),
    "one unit, two cancellations": Shop(1, (_CALM,), cancels=2, is_crowded=True),
}
"""One channel beside others of which nothing is known."""

READ = {
    "one unit, readings and a cancellation": Shop(1, (dc.replace(_CALM, readings=True),), cancels=1, is_crowded=True)
}
"""The largest of them, for `WORLDS=all`."""

_SMALLEST = Shop(3, (_CALM, _CALM, _CALM_STOREFRONT), twins=2)
BY_CLASSES = {
    "three units, one write on its way to each": _SMALLEST,
    "three units, two writes, refused": Shop(3, (_ENDLESS, _ENDLESS, _ENDLESS_STOREFRONT), twins=2),
    "two units, one write, a cancellation": dc.replace(_SMALLEST, units=2, cancels=1),
    "one unit, one write, two cancellations": dc.replace(_SMALLEST, units=1, cancels=2),
}
"""Two marketplaces and a storefront, which has one write on its way. Three units never make six entries unknown."""

WORLDS = {
    "three units, one write, a cancellation": dc.replace(_SMALLEST, cancels=1),
    "three units, two writes, refused or unknown": Shop(3, (_DOUBTED, _DOUBTED, _ENDLESS_STOREFRONT), twins=2),
}
"""The largest of them, for `WORLDS=all`."""
_MOST = 3_100_000


def main() -> int:
    """Print how many states each shop has; 1 if one of them oversells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also the largest, and one of them both ways")
    everything = parser.parse_args().all
    _say("  Two marketplaces and a storefront, by classes of states that are alike:\n")
    results = [_count(name, shop) for name, shop in (BY_CLASSES | (WORLDS if everything else {})).items()]
    if everything:
        results.append(_walk("the first of these once more, state by state", _SMALLEST))
    _say("  One channel beside any others, state by state:\n")
    results += [_walk(name, shop) for name, shop in (ONE_BY_ONE | (READ if everything else {})).items()]
    return 0 if all(results) else 1


def _walk(name: str, shop: Shop) -> bool:
    _say(f"  {name}: ")
    began = time.monotonic()
    report = ModelCheck(dc.replace(shop, most=_MOST)).run()
    whole = "" if report.states <= _MOST else f" (given up after {_MOST:,})"
    _say(f"{report.states:,} states, {report.steps:,} steps, {time.monotonic() - began:.0f} s{whole}\n")
    return _holds(report.violation, report.path)


def _count(name: str, shop: Shop) -> bool:
    _say(f"  {name}: ")
    began = time.monotonic()
    report = ClassCheck(shop).run()
    kinds = ", ".join(
        f"{states:,} states of a channel in {classes:,} classes"
        for states, classes in zip(report.channel_states, report.classes, strict=True)
    )
    _say(f"{report.states:,} states, {report.steps:,} steps, {time.monotonic() - began:.0f} s\n")
    _say(f"    ({kinds}; {report.walked:,} tuples of classes)\n")
    return _holds(report.violation, report.path)


def _holds(violation: str | None, path: tuple[str, ...]) -> bool:
    if violation is not None:
        _say("\n".join((violation, *path, "")))
    return violation is None


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
