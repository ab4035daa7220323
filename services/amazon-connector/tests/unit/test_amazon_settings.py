import pytest
from amazon_connector.settings import Settings
from runtime.settings import load

REQUIRED = {
    "KAFKA_BOOTSTRAP_SERVERS": "broker:9092",
    "DATABASE_URL": "postgresql://mizan@db/mizan",
    "API_KEY": "key",
    "AMAZON_CLIENT_ID": "client",
    "AMAZON_CLIENT_SECRET": "very-secret",
    "AMAZON_REFRESH_TOKEN": "also-secret",
    "AMAZON_SELLER_ID": "A1SELLER",
}


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in {**REQUIRED, **variables}.items():
        monkeypatch.setenv(name, value)


def test_egypt_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch)
    settings = load(Settings)

    assert settings.amazon_marketplace_id == "ARBP9OOSHTCHU"
    assert settings.endpoint == "https://sellingpartnerapi-eu.amazon.com"
    assert (settings.push_rate_per_second, settings.push_burst, settings.order_poll_seconds) == (5, 4, 180)


def test_the_knobs_have_amazons_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, AMAZON_PUSH_RATE="250", AMAZON_PUSH_BURST="50", AMAZON_ORDER_POLL_SECONDS="0.5")
    settings = load(Settings)

    assert (settings.push_rate_per_second, settings.push_burst, settings.order_poll_seconds) == (250, 50, 0.5)


def test_the_emirates_are_refused_unless_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _set(monkeypatch, AMAZON_MARKETPLACE_ID="A2VIGQ35RCS4UG")
    with pytest.raises(SystemExit, match="2"):
        load(Settings)
    said = capsys.readouterr().err
    assert "United Arab Emirates" in said
    assert "ARBP9OOSHTCHU" in said

    _set(monkeypatch, AMAZON_MARKETPLACE_ID="A2VIGQ35RCS4UG", AMAZON_COUNTRY="AE")
    assert load(Settings).amazon_marketplace_id == "A2VIGQ35RCS4UG"


def test_everything_missing_is_named_and_no_secret_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _set(monkeypatch)
    monkeypatch.delenv("API_KEY")
    monkeypatch.delenv("AMAZON_SELLER_ID")
    monkeypatch.delenv("AMAZON_CLIENT_ID")
    with pytest.raises(SystemExit):
        load(Settings)

    said = capsys.readouterr().err
    assert "AMAZON_CLIENT_ID, AMAZON_SELLER_ID, API_KEY" in said
    assert "very-secret" not in said


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch)

    shown = repr(load(Settings)) + repr(load(Settings).credentials)
    assert not [name for name, value in REQUIRED.items() if name.startswith("AMAZON") and f"'{value}'" in shown]


def test_credentials_may_come_later_where_they_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, AMAZON_CLIENT_SECRET="", CREDENTIALS_KEY="A" * 43 + "=")
    monkeypatch.delenv("AMAZON_SELLER_ID")

    assert load(Settings).credentials.missing == ["AMAZON_CLIENT_SECRET", "AMAZON_SELLER_ID"]


def test_a_key_that_seals_nothing_is_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _set(monkeypatch, CREDENTIALS_KEY="not-a-key")
    with pytest.raises(SystemExit, match="2"):
        load(Settings)

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "CREDENTIALS_KEY" in said
    assert "openssl rand" in said
    assert "not-a-key" not in said


def test_the_default_pace_is_within_amazons_usage_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second and at once: patchListingsItem 5, 5; getListingsItem, searchListingsItems 5; searchOrders 0.0056.

    getOrder 0.5, 30; confirmShipment 2, 10; getMyFeesEstimates 0.5.
    """
    _set(monkeypatch)
    settings = load(Settings)

    assert (settings.push_rate_per_second, settings.push_burst) == (5, 4)
    assert settings.read_rate_per_second <= 5
    assert settings.search_rate_per_second <= 5
    assert 1 / settings.order_poll_seconds <= 0.0056
    assert (settings.order_fetch_rate_per_second, settings.order_fetch_burst) <= (0.5, 30)
    assert (settings.shipment_rate_per_second, settings.shipment_burst) <= (2, 10)
    assert settings.fee_rate_per_second <= 0.5


def test_a_queue_needs_a_region_that_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    _set(monkeypatch, AMAZON_SQS_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/orders")
    assert load(Settings).sqs_region == "eu-west-1"

    _set(monkeypatch, AMAZON_SQS_QUEUE_URL="http://localhost:4566/123456789012/orders")
    with pytest.raises(SystemExit):
        load(Settings)
    assert "set AWS_REGION" in capsys.readouterr().err

    _set(monkeypatch, AWS_REGION="me-south-1")
    assert load(Settings).sqs_region == "me-south-1"


def test_without_a_queue_no_region_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    _set(monkeypatch)
    assert load(Settings).amazon_sqs_queue_url is None
