"""The seller account that the Noon stand-in knows."""

from dataclasses import dataclass

from sandbox.environment import Environment


@dataclass(frozen=True)
class NoonSettings:
    partner_id: str
    api_key: str
    secret_key: str


def read_settings(environment: Environment) -> NoonSettings:
    """Read NOON_PARTNER_ID, NOON_API_KEY and NOON_SECRET_KEY.

    Raises:
        EnvironmentVariablesError: one of them is missing.
    """
    settings = NoonSettings(
        partner_id=environment.text("NOON_PARTNER_ID"),
        api_key=environment.text("NOON_API_KEY"),
        secret_key=environment.text("NOON_SECRET_KEY"),
    )
    environment.check()
    return settings
