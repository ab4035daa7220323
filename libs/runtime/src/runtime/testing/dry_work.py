"""Work without a database, for handlers that keep their state behind a port."""

import datetime as dt
from typing import Any, NoReturn, cast

from contracts import AnyEvent, dead_letter, parse
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.work import Work


class _NoConnection:
    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"this work has no database, but {name!r} of its connection was used")


def dry_work(now: dt.datetime, *, group: str = "test") -> Work:
    """Work whose rows can be read afterwards; touching its connection fails the test."""
    return Work(cast("AsyncConnection", _NoConnection()), group=group, source=f"/{group}", now=now)


def published(work: Work) -> list[AnyEvent]:
    """The events that the work would send, in order."""
    return [parse(row.topic, row.value) for row in work.rows if dead_letter.REASON not in row.headers]


def rejections(work: Work) -> list[dict[str, Any]]:
    """The headers of the dead letters that the work would send, in order."""
    return [dict(row.headers) for row in work.rows if dead_letter.REASON in row.headers]
