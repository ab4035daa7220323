import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from demo.bad_weather import BAD_DAY, describe
from demo.house import House

Put = tuple[str, dict[str, Any]]


@pytest.fixture
def puts() -> list[Put]:
    """The faults that were asked for: (marketplace, faults), in their order."""
    return []


@pytest.fixture
async def house(puts: list[Put]) -> AsyncIterator[House]:
    """Both marketplaces, each with the same four calls in its log."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            puts.append((request.url.host, json.loads(request.content)))
            return httpx.Response(200, json={})
        return httpx.Response(200, json=[{"status": status} for status in (200, 503, 429, 503)])

    urls = {"sandbox-amazon": "http://amazon", "sandbox-noon": "http://noon"}
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        yield House(http, urls, "key")


async def test_a_bad_day_brings_faults_an_outage_and_four_kills_in_this_order(house: House, puts: list[Put]) -> None:
    news: list[str] = []

    async def kill(program: str) -> None:
        news.append(program)

    interruptions = BAD_DAY.interruptions(house, kill, news.append)
    assert [each.at for each in interruptions] == [0.0, 0.25, 0.4, 0.5, 0.65, 0.8]
    for each in interruptions:
        await each.act()
    assert news[1:] == ["inventory", "amazon-connector", "noon is down for 20 s", "inventory", "amazon-connector"]
    assert "error_rate 0.1" in news[0]
    everywhere, outage = puts[:2], puts[2]
    assert everywhere == [("amazon", BAD_DAY.faults), ("noon", BAD_DAY.faults)]
    assert outage == ("noon", {**BAD_DAY.faults, "down_s": 20})


async def test_the_result_names_the_faults_and_the_calls_that_they_hit(house: House) -> None:
    told = await describe(BAD_DAY, house)
    assert told["error_rate"] == 0.1
    assert told["down_s"] == {"noon": 20}
    assert told["killed"] == {"inventory": 2, "amazon-connector": 2}
    assert told["failed_calls"] == {"amazon": {"429": 1, "503": 2}, "noon": {"429": 1, "503": 2}}
    assert json.loads(json.dumps(told)) == told
