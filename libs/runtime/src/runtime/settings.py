"""What every service reads from its environment, once, when it starts."""

import sys
from typing import Annotated, Any, TypeVar

from pydantic import Field, PostgresDsn, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.api_keys import ApiKeys


class ServiceSettings(BaseSettings):
    """The settings that all services share; a service adds its own by subclassing."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    kafka_bootstrap_servers: Annotated[str, Field(min_length=1)]
    kafka_topic_prefix: str = ""
    """Put before every topic and group name: lets several systems share one cluster."""
    database_url: PostgresDsn
    api_key: Annotated[SecretStr, Field(min_length=1)]
    api_keys: SecretStr = SecretStr("")
    """Further keys, each with its name and scopes: see `runtime.api_keys`."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    log_level: str = "INFO"
    otel_exporter_otlp_endpoint: str | None = None
    """Where an OpenTelemetry collector takes traces; without it none are made."""
    max_batch_records: Annotated[int, Field(ge=1)] = 500
    dead_letter_fuse: Annotated[int, Field(ge=0)] = 200
    """So many records of a topic in a row may become dead letters before the consumer stops; 0: any number."""
    watermark_hold_max_seconds: Annotated[int, Field(ge=0)] = 1800
    """How long a dead letter may hold a channel's watermark."""

    @field_validator("api_keys")
    @classmethod
    def _can_be_read(cls, written: SecretStr, info: ValidationInfo) -> SecretStr:
        ApiKeys(info.data.get("api_key", SecretStr("")), written.get_secret_value())
        return written

    @property
    def known_keys(self) -> ApiKeys:
        """API_KEY, which may do everything, and what API_KEYS adds."""
        return ApiKeys(self.api_key, self.api_keys.get_secret_value())


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load(settings: type[SettingsT], **given: Any) -> SettingsT:  # noqa: ANN401 - any field of any settings class
    """Read the environment, or print in one line everything that is missing or wrong and exit with code 2."""
    try:
        return settings(**given)
    except ValidationError as error:
        print(explain(error), file=sys.stderr)  # noqa: T201 - logging is set up from the settings that are missing
        raise SystemExit(2) from None


def explain(error: ValidationError) -> str:
    """One line that names every variable that is missing or wrong, without its value."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    missing = sorted(_variable(p["loc"]) for p in problems if p["type"] == "missing")
    wrong = sorted(f"{_variable(p['loc'])} ({p['msg']})" for p in problems if p["type"] != "missing")
    parts = []
    if missing:
        parts.append(f"missing environment variables: {', '.join(missing)}")
    if wrong:
        parts.append(f"wrong environment variables: {', '.join(wrong)}")
    return f"{'; '.join(parts)} (.env.example describes each)"


def _variable(location: tuple[int | str, ...]) -> str:
    return str(location[0]).upper() if location else "settings"
