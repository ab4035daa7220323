import httpx
import pytest
from sandbox.testing.manual_clock import ManualClock

FORM = {
    "grant_type": "refresh_token",
    "client_id": "client",
    "client_secret": "client-secret",
    "refresh_token": "Atzr|refresh",
}
ORDERS = "/orders/2026-01-01/orders?createdAfter=2026-11-22T00:00:00Z"


async def test_refresh_token_buys_an_access_token(amazon_stranger: httpx.AsyncClient) -> None:
    answer = await amazon_stranger.post("/auth/o2/token", data=FORM)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["refresh_token"]) == ("bearer", 3600, "Atzr|refresh")
    called = await amazon_stranger.get(ORDERS, headers={"x-amz-access-token": body["access_token"]})
    assert called.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"refresh_token": ""}, 400, "invalid_request"),
    ],
)
async def test_wrong_credentials_get_an_oauth_error(
    amazon_stranger: httpx.AsyncClient, change: dict[str, str], status: int, error: str
) -> None:
    answer = await amazon_stranger.post("/auth/o2/token", data=FORM | change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


async def test_token_request_in_json_is_refused(amazon_stranger: httpx.AsyncClient) -> None:
    answer = await amazon_stranger.post("/auth/o2/token", json=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("headers", [{}, {"x-amz-access-token": "Atza|made-up"}])
async def test_call_without_a_known_token_is_unauthorized(
    amazon_stranger: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await amazon_stranger.get(ORDERS, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "Unauthorized"
    assert "x-amzn-ratelimit-limit" not in answer.headers


async def test_token_expires(late_amazon: httpx.AsyncClient, clock: ManualClock) -> None:
    clock.advance(seconds=299)
    assert (await late_amazon.get(ORDERS)).status_code == 200
    clock.advance(seconds=1)
    expired = await late_amazon.get(ORDERS)
    assert expired.status_code == 403
    assert "expired" in expired.json()["errors"][0]["details"]


@pytest.mark.parametrize("user_agent", ["", "x" * 501])
async def test_user_agent_is_required(amazon: httpx.AsyncClient, user_agent: str) -> None:
    answer = await amazon.get(ORDERS, headers={"user-agent": user_agent})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")


async def test_answers_carry_the_request_id_and_the_rate(amazon: httpx.AsyncClient) -> None:
    await amazon.put("/_sandbox/faults", json={"limit_scale": 0.5, "time_scale": 20})
    answer = await amazon.get(ORDERS)
    assert answer.headers["x-amzn-requestid"]
    assert float(answer.headers["x-amzn-ratelimit-limit"]) == pytest.approx(0.056), "in the caller's seconds"
