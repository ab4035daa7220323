import asyncpg
import pytest
from runtime.errors import is_transient, one_line
from sqlalchemy.exc import IntegrityError, OperationalError


def from_postgres(sqlstate: str) -> asyncpg.PostgresError:
    error = asyncpg.PostgresError("x")
    error.sqlstate = sqlstate
    return error


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "08006", "53300", "57P01", "57P03", "55P03"])
def test_what_may_succeed_later_is_transient(sqlstate: str) -> None:
    assert is_transient(from_postgres(sqlstate))
    assert is_transient(OperationalError("select 1", {}, from_postgres(sqlstate)))


@pytest.mark.parametrize("sqlstate", ["23505", "22003", "42P01", "P0001"])
def test_what_fails_again_is_not_transient(sqlstate: str) -> None:
    assert not is_transient(from_postgres(sqlstate))
    assert not is_transient(IntegrityError("insert", {}, from_postgres(sqlstate)))


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), asyncpg.InterfaceError("closed")])
def test_a_lost_connection_is_transient(error: Exception) -> None:
    assert is_transient(error)


def test_a_bug_is_not_transient() -> None:
    assert not is_transient(KeyError("sku"))


def test_an_error_becomes_one_line() -> None:
    assert one_line(ValueError("\n first \n second")) == "ValueError: first"
