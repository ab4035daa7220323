import os

import pytest
from pydantic import SecretStr
from runtime.settings import ServiceSettings, load

GOOD = {
    "kafka_bootstrap_servers": "localhost:9092",
    "database_url": "postgresql://mizan@localhost/mizan",
    "api_key": SecretStr("s3cret"),
    "port": 8001,
}


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower() in ServiceSettings.model_fields:
            monkeypatch.delenv(name)


def test_every_missing_variable_is_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        load(ServiceSettings, port=8001)
    printed = capsys.readouterr().err
    assert exit_info.value.code == 2
    assert printed.count("\n") == 1
    assert "missing environment variables: API_KEY, DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS" in printed


def test_a_wrong_value_is_named_without_being_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load(ServiceSettings, **GOOD | {"database_url": "mysql://root:hunter2@db/x"})
    printed = capsys.readouterr().err
    assert "DATABASE_URL" in printed
    assert "hunter2" not in printed


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name.upper(), value.get_secret_value() if isinstance(value, SecretStr) else str(value))
    settings = load(ServiceSettings)
    assert settings.port == 8001
    assert "s3cret" not in repr(settings)
