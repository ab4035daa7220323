import datetime as dt


class FixedClock:
    """A clock that shows what it was set to; a test moves it on."""

    def __init__(self, start: dt.datetime = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)) -> None:
        self.now = start

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """`by` as for `timedelta`: `seconds=5`."""
        self.now += dt.timedelta(**by)
