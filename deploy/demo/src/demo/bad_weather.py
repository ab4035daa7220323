"""`make demo FAULTS=1`: what goes wrong on a bad day, when, and what of it hit."""

import dataclasses as dc
import functools
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from demo.day import Interruption
from demo.house import House
from demo.scenario import MARKETPLACES

SLOW_SALES_A_SECOND = 15.0
"""Slow enough that what is killed is back before the day is over."""
_FIRST_ERROR = 400

Kill = Callable[[str], Awaitable[None]]
"""Ends a program with SIGKILL once it is at work."""
Say = Callable[[str], None]


@dc.dataclass(frozen=True, slots=True)
class Weather:
    """`faults` is what both marketplaces do wrong all day (`PUT /_sandbox/faults`), until the last check.

    In the middle the marketplace `down` is gone for `down_seconds`. `kills` holds when which program is killed, as a
    share of the day's sales.
    """

    faults: Mapping[str, Any]
    down: str
    down_seconds: float
    kills: tuple[tuple[float, str], ...]

    def as_json(self) -> dict[str, Any]:
        killed = Counter(program for _, program in self.kills)
        return {**self.faults, "down_s": {self.down: self.down_seconds}, "killed": dict(killed)}

    def interruptions(self, house: House, kill: Kill, say: Say) -> list[Interruption]:
        """The day's bad news, in the order in which it comes."""

        async def begin() -> None:
            say(f"from now on the marketplaces misbehave: {self._in_words()}")
            for channel in MARKETPLACES:
                await house.put_faults(channel, self.faults)

        async def go_down() -> None:
            say(f"{self.down} is down for {self.down_seconds:.0f} s")
            await house.put_faults(self.down, {**self.faults, "down_s": self.down_seconds})

        kills = [Interruption(at, functools.partial(kill, program)) for at, program in self.kills]
        news = [Interruption(0.0, begin), Interruption(0.5, go_down), *kills]
        return sorted(news, key=lambda each: each.at)

    def _in_words(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.faults.items())


BAD_DAY = Weather(
    faults={
        "error_rate": 0.1,
        "throttle_rate": 0.05,
        "duplicate_rate": 0.2,
        "reorder": True,
        "order_lag_s": 3,
        "live_delay_s": [0.2, 2],
    },
    down="noon",
    down_seconds=20,
    kills=((0.25, "inventory"), (0.4, "amazon-connector"), (0.65, "inventory"), (0.8, "amazon-connector")),
)


async def describe(weather: Weather, house: House) -> dict[str, Any]:
    """What was made to go wrong, and how many calls of each marketplace got which error."""
    failed = {}
    for channel in MARKETPLACES:
        answers = Counter(call["status"] for call in await house.calls(channel))
        failed[channel] = {str(status): count for status, count in sorted(answers.items()) if status >= _FIRST_ERROR}
    return {**weather.as_json(), "failed_calls": failed}
