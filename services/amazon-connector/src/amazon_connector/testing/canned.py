"""The connector with an Amazon whose answers a test makes up."""

from collections.abc import Callable

import httpx
from pydantic import SecretStr

from amazon_connector.auth import AccessToken
from amazon_connector.client import USER_AGENT, AmazonClient
from amazon_connector.marketplace import AmazonMarketplace

GRANT = {name: SecretStr("made-up") for name in ("client_id", "client_secret", "refresh_token")}
Answer = Callable[[httpx.Request], httpx.Response]


def canned_marketplace(answer: Answer) -> tuple[AmazonMarketplace, list[httpx.Request]]:
    """What it is asked, but for tokens, goes to `answer` and stands in the list; a token tells how many came before."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "lwa.test":
            return httpx.Response(200, json={"access_token": f"Atza|{len(requests)}", "expires_in": 3600})
        requests.append(request)
        return answer(request)

    http = httpx.AsyncClient(
        base_url="https://spapi.test", transport=httpx.MockTransport(handle), headers={"user-agent": USER_AGENT}
    )
    token = AccessToken(http, "https://lwa.test/auth/o2/token", lambda: GRANT)
    return AmazonMarketplace(AmazonClient(http, token, lambda: "A1SELLER", "ARBP9OOSHTCHU")), requests
