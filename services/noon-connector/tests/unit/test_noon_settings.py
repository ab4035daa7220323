import pytest
from noon_connector.settings import Settings
from runtime.settings import load

REQUIRED = {
    "KAFKA_BOOTSTRAP_SERVERS": "broker:9092",
    "DATABASE_URL": "postgresql://mizan@db/mizan",
    "API_KEY": "key",
    "NOON_PARTNER_ID": "P-1",
    "NOON_API_KEY": "very-secret",
    "NOON_SECRET_KEY": "also-very-secret",
}


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in {**REQUIRED, **variables}.items():
        monkeypatch.setenv(name, value)


def test_the_partner_dialect_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, NOON_PUSH_RATE="300")
    settings = load(Settings)

    assert (settings.noon_dialect, settings.noon_api_url) == ("partner_v1", "https://api.noon.partners/v1")
    assert (settings.push_rate_per_second, settings.order_poll_seconds) == (300, 60)
    assert settings.noon_order_visibility_seconds == 120
    assert "very-secret" not in repr(settings)


def test_another_dialect_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _set(monkeypatch, NOON_DIALECT="gateway_v1")
    with pytest.raises(SystemExit, match="2"):
        load(Settings)

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "NOON_DIALECT" in said
    assert "partner_v1" in said


def test_credentials_may_come_later_where_they_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, NOON_API_KEY="", CREDENTIALS_KEY="A" * 43 + "=")
    monkeypatch.delenv("NOON_SECRET_KEY")

    assert load(Settings).credentials.missing == ["NOON_API_KEY", "NOON_SECRET_KEY"]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _set(monkeypatch, NOON_SECRET_KEY="")
    with pytest.raises(SystemExit, match="2"):
        load(Settings)

    assert "missing environment variables: NOON_SECRET_KEY" in capsys.readouterr().err
