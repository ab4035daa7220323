"""The credentials in force, for whoever calls the marketplace."""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Mapping

from pydantic import SecretStr

from connector_sdk.marketplace import MarketplaceError, Outcome


class Source(enum.StrEnum):
    ENVIRONMENT = "environment"
    STORED = "stored"


@dc.dataclass(frozen=True, slots=True)
class Stored:
    value: SecretStr
    stored_at: dt.datetime


@dc.dataclass(frozen=True, slots=True)
class Known:
    """What may be told of one: not its value. `source` None: it is not set at all."""

    name: str
    source: Source | None
    stored_at: dt.datetime | None


class Credentials:
    """Those that were stored win over those of the environment. An empty value counts as none."""

    def __init__(self, environment: Mapping[str, SecretStr]) -> None:
        """`environment`: every name that the connector needs, with its value or an empty one."""
        self._environment = dict(environment)
        self._stored: dict[str, Stored] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._environment)

    @property
    def missing(self) -> list[str]:
        return [each.name for each in self.known() if each.source is None]

    @property
    def problem(self) -> str | None:
        """What is missing, and what to do about it; None if nothing is."""
        if not (missing := self.missing):
            return None
        advice = "send what is missing to PUT /v1/credentials, or set it in the environment and restart"
        return f"no credentials: {', '.join(missing)} not set; {advice}"

    def replace(self, stored: Mapping[str, Stored]) -> None:
        """From now on these are the stored ones; names that the connector does not need are passed over."""
        self._stored = {name: value for name, value in stored.items() if name in self._environment}

    def values(self) -> Mapping[str, SecretStr]:
        """All of them, as they are now.

        Raises:
            MarketplaceError: `unauthorised`, since some are not set; the message says what to do.
        """
        if problem := self.problem:
            raise MarketplaceError(Outcome.UNAUTHORISED, problem)
        return self._environment | {name: each.value for name, each in self._stored.items()}

    def known(self) -> list[Known]:
        return [self._known(name) for name in self._environment]

    def _known(self, name: str) -> Known:
        if (stored := self._stored.get(name)) is not None:
            return Known(name, Source.STORED, stored.stored_at)
        return Known(name, Source.ENVIRONMENT if self._environment[name].get_secret_value() else None, None)
