import httpx
import pytest
from amazon_connector.notifications.subscribe import SubscribeError, build_subscriber, main
from amazon_connector.settings import CREDENTIALS, Settings
from connector_sdk.marketplace import MarketplaceError
from pydantic import SecretStr

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
OTHER_QUEUE = "arn:aws:sqs:eu-west-1:123456789012:elsewhere"


async def test_subscribing_twice_changes_nothing(settings: Settings, http: httpx.AsyncClient) -> None:
    first = await build_subscriber(settings, http).subscribe(QUEUE)
    second = await build_subscriber(settings, http).subscribe(QUEUE)

    kinds = ("ORDER_CHANGE", "FEED_PROCESSING_FINISHED", "REPORT_PROCESSING_FINISHED")
    assert first[1:] == [f"{kind}: subscribed" for kind in kinds]
    assert second[1:] == [f"{kind}: was subscribed already" for kind in kinds]
    assert first[0] == second[0]


async def test_a_subscription_that_goes_elsewhere_is_left_alone(settings: Settings, http: httpx.AsyncClient) -> None:
    await build_subscriber(settings, http).subscribe(OTHER_QUEUE)
    with pytest.raises(SubscribeError, match="delete that subscription first"):
        await build_subscriber(settings, http).subscribe(QUEUE)


async def test_wrong_credentials_are_told_without_them(settings: Settings, http: httpx.AsyncClient) -> None:
    wrong = settings.model_copy(update={"amazon_client_secret": SecretStr("a-wrong-secret")})
    with pytest.raises(MarketplaceError, match="invalid_client") as caught:
        await build_subscriber(wrong, http).subscribe(QUEUE)
    assert "a-wrong-secret" not in str(caught.value)


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"KAFKA_BOOTSTRAP_SERVERS": "unused:1", "DATABASE_URL": "postgresql://unused/unused", "API_KEY": "key"}
    sent_later = dict.fromkeys(CREDENTIALS, "") | {"AMAZON_CLIENT_ID": "id", "CREDENTIALS_KEY": "A" * 43 + "="}
    for name, value in (given | sent_later).items():
        monkeypatch.setenv(name, value)
    assert main([QUEUE]) == 1
    said = capsys.readouterr().err
    assert "set AMAZON_CLIENT_SECRET, AMAZON_REFRESH_TOKEN, AMAZON_SELLER_ID: what was sent" in said


@pytest.mark.parametrize("arguments", [[], ["https://sqs.eu-west-1.amazonaws.com/1/orders"], [QUEUE, QUEUE]])
def test_wrong_use_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "arn:aws:sqs" in capsys.readouterr().err
