import httpx

APPLICATION = {"client_id": "client", "client_secret": "client-secret"}
SCOPE = "sellingpartnerapi::notifications"
ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"
ROOT = "/notifications/v1"
BODY = {"name": "mine", "resourceSpecification": {"sqs": {"arn": ARN}}}


async def _grantless(amazon: httpx.AsyncClient) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "scope": SCOPE, **APPLICATION}
    granted = (await amazon.post("/auth/o2/token", data=form)).json()
    assert "refresh_token" not in granted
    return {"x-amz-access-token": granted["access_token"]}


async def test_destinations_want_the_token_of_the_application(amazon: httpx.AsyncClient) -> None:
    own = await _grantless(amazon)
    refused = await amazon.post(f"{ROOT}/destinations", json=BODY)
    made = await amazon.post(f"{ROOT}/destinations", json=BODY, headers=own)
    again = await amazon.post(f"{ROOT}/destinations", json=BODY, headers=own)
    listed = await amazon.get(f"{ROOT}/destinations", headers=own)

    assert [refused.status_code, made.status_code, again.status_code] == [403, 200, 409]
    assert listed.json()["payload"] == [made.json()["payload"]]


async def test_subscriptions_want_the_token_of_the_seller(amazon: httpx.AsyncClient) -> None:
    own = await _grantless(amazon)
    made = (await amazon.post(f"{ROOT}/destinations", json=BODY, headers=own)).json()["payload"]
    path = f"{ROOT}/subscriptions/ORDER_CHANGE"
    body = {"payloadVersion": "1.0", "destinationId": made["destinationId"]}

    assert (await amazon.get(path)).status_code == 404
    assert (await amazon.post(path, json=body, headers=own)).status_code == 403
    subscribed = await amazon.post(path, json=body)
    assert subscribed.json()["payload"]["destinationId"] == made["destinationId"]
    assert (await amazon.get(path)).json() == subscribed.json()
    assert (await amazon.post(path, json=body)).status_code == 409


async def test_what_is_not_understood_is_refused(amazon: httpx.AsyncClient) -> None:
    own = await _grantless(amazon)
    for body in ({}, {"name": "mine"}, BODY | {"resourceSpecification": {"sqs": {"arn": "no arn"}}}):
        assert (await amazon.post(f"{ROOT}/destinations", json=body, headers=own)).status_code == 400
    nowhere = {"payloadVersion": "1.0", "destinationId": "nowhere"}
    assert (await amazon.post(f"{ROOT}/subscriptions/ORDER_CHANGE", json=nowhere)).status_code == 400


async def test_a_token_of_the_application_has_a_scope(amazon: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", **APPLICATION}
    for scope, error in (({}, "invalid_request"), ({"scope": "everything"}, "invalid_scope")):
        answer = await amazon.post("/auth/o2/token", data=form | scope)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
