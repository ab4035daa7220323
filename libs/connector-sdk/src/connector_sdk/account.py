"""Whose account on which channel a connector works for."""

import dataclasses as dc


@dc.dataclass(frozen=True, slots=True)
class Account:
    """`name` tells two accounts of one channel apart, `credentials` are the variables to check when it is refused."""

    channel: str
    name: str
    credentials: tuple[str, ...]
