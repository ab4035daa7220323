"""Errors are told apart by what to do about them: try again, or set the record aside."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_TRANSIENT_SQLSTATE_CLASSES = ("08", "40", "53", "57P")
_LOCK_NOT_AVAILABLE = "55P03"


class PoisonError(Exception):
    """A record that no retry can help. It becomes a dead letter with this reason."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class CannotStartError(Exception):
    """Something outside of the service must be put right before it can start; the message says what, in one line."""


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: the database or the network was away, or transactions collided.

    SQLSTATE classes: 08 connection, 40 rollback (serialization, deadlock), 53 resources, 57P shutdown
    (https://www.postgresql.org/docs/17/errcodes-appendix.html).
    """
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or isinstance(error, InterfaceError):
            return True
        sqlstate = str(getattr(error.orig, "sqlstate", None) or "")
        return _is_transient_state(sqlstate) or (isinstance(error, OperationalError) and not sqlstate)
    if isinstance(error, asyncpg.PostgresError):
        return _is_transient_state(str(getattr(error, "sqlstate", "") or ""))
    # The last one is what asyncpg says of a session that ended while a query was being cancelled.
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)


def _is_transient_state(sqlstate: str) -> bool:
    return sqlstate.startswith(_TRANSIENT_SQLSTATE_CLASSES) or sqlstate == _LOCK_NOT_AVAILABLE


def one_line(error: BaseException, *, longest: int = 500) -> str:
    """The error as one line for a log or a header: its first line, cut to `longest` characters."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}"[:longest]
