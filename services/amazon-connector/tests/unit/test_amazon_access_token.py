import asyncio

import httpx
import pytest
from amazon_connector.auth import AccessToken
from connector_sdk.marketplace import MarketplaceError, Outcome
from pydantic import SecretStr

GRANT = {"client_id": SecretStr("id"), "client_secret": SecretStr("secret"), "refresh_token": SecretStr("refresh")}


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _Amazon:
    """Counts the tokens that it gives out."""

    def __init__(self, *, lives: float = 3600) -> None:
        self.granted = 0
        self._lives = lives

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        self.granted += 1
        return httpx.Response(200, json={"access_token": f"Atza|{self.granted}", "expires_in": self._lives})


def _token(answer: httpx.MockTransport, clock: _Clock | None = None) -> AccessToken:
    http = httpx.AsyncClient(transport=answer)
    return AccessToken(http, "https://lwa.test/auth/o2/token", lambda: GRANT, clock=clock or _Clock())


async def test_one_renewal_serves_all_who_wait() -> None:
    amazon = _Amazon()
    token = _token(httpx.MockTransport(amazon))
    got = await asyncio.gather(*(token.get() for _ in range(10)))

    assert {each.get_secret_value() for each in got} == {"Atza|1"}


@pytest.mark.parametrize(("lives", "still_good", "renewed"), [(3600.0, 3539.0, 3541.0), (10.0, 8.9, 9.1)])
async def test_a_token_is_renewed_a_minute_or_a_tenth_early(lives: float, still_good: float, renewed: float) -> None:
    amazon, clock = _Amazon(lives=lives), _Clock()
    token = _token(httpx.MockTransport(amazon), clock)
    await token.get()
    clock.now = still_good
    await token.get()
    assert amazon.granted == 1

    clock.now = renewed
    await token.get()
    assert amazon.granted == 2


async def test_a_forgotten_token_is_renewed_once() -> None:
    amazon = _Amazon()
    token = _token(httpx.MockTransport(amazon))
    first = await token.get()
    token.forget(first)
    await token.get()
    token.forget(first)
    await token.get()

    assert amazon.granted == 2


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(401, json={"error": "invalid_client", "error_description": "client id"}), Outcome.UNAUTHORISED),
        (httpx.Response(400, json={"error": "invalid_grant"}), Outcome.UNAUTHORISED),
        (httpx.Response(429), Outcome.RETRY),
        (httpx.Response(503, text="busy"), Outcome.RETRY),
        (httpx.Response(200, text="no json"), Outcome.RETRY),
    ],
)
async def test_a_refusal_is_told_apart_from_a_fault(response: httpx.Response, outcome: Outcome) -> None:
    token = _token(httpx.MockTransport(lambda _: response))
    with pytest.raises(MarketplaceError) as caught:
        await token.get()

    assert caught.value.outcome is outcome
    assert "client id" not in str(caught.value)


async def test_no_answer_means_that_nothing_was_done() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    with pytest.raises(MarketplaceError) as caught:
        await _token(httpx.MockTransport(fail)).get()
    assert caught.value.outcome is Outcome.RETRY


async def test_other_credentials_throw_the_token_away() -> None:
    amazon, asked = _Amazon(), [GRANT]
    http = httpx.AsyncClient(transport=httpx.MockTransport(amazon))
    token = AccessToken(http, "https://lwa.test/auth/o2/token", lambda: asked[-1], clock=_Clock())
    await token.get()
    asked.append(GRANT | {"client_secret": SecretStr("another")})
    late = asyncio.create_task(token.get())
    await asyncio.sleep(0)
    asked.append(GRANT | {"client_secret": SecretStr("a third")})
    newest = await token.get()
    await late

    assert amazon.granted == 3, "an answer to older credentials serves only those who waited for it"
    assert (await token.get()) == newest
    assert "third" not in repr(vars(token))
