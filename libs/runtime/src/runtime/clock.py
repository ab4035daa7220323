"""Time is passed in, so that a test can choose it."""

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Answers with the present instant, in UTC."""


def system_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
