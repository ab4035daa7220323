import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, SecretStr
from runtime.access import needs, protect
from runtime.api_keys import ApiKeys, Scope
from runtime.body_limit import MAX_BODY_BYTES
from runtime.health import Check, Probe
from runtime.http import create_app
from runtime.logs import configure

probes: dict[str, Probe] = {}
KEY = {"X-API-Key": "right"}


class Thing(BaseModel):
    name: Annotated[str, Field(max_length=3)]
    units: int = 1


@pytest.fixture(autouse=True)
def _json_logs() -> Iterator[None]:
    """As in a service: the development format draws a whole page for an error."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure("test", "info")
    yield
    root.handlers[:], root.level = before


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    probes.clear()
    app = create_app("test", probes)
    router = APIRouter()

    @router.get("/v1/things/{number}")
    @needs(Scope.STOCK_READ)
    async def thing(number: int) -> int:
        if number == 13:
            raise HTTPException(409, "13 is taken")
        if number == 14:
            raise ConnectionRefusedError("nobody there")
        return 10 // number

    @router.post("/v1/things")
    @needs(Scope.STOCK_WRITE)
    async def add(things: list[Thing]) -> int:
        return len(things)

    protect(router, ApiKeys(SecretStr("right"), "reader:only-for-reading-42:stock.read"))
    app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": "é"}])
async def test_without_the_key_the_answer_is_a_problem(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    response = await client.get("/v1/things/1", headers=encoded)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert "X-API-Key" in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "part"),
    [
        ("GET", "/v1/things/x", 422, "path.number: must be a whole number"),
        ("GET", "/v1/things/13", 409, "13 is taken"),
        ("GET", "/v1/things/14", 503, "in a moment"),
        ("GET", "/v1/things/0", 500, "the log says what"),
        ("GET", "/nowhere", 404, "/openapi.json"),
        ("PUT", "/v1/things/1", 405, "PUT is not possible here, but GET is"),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int, part: str
) -> None:
    response = await client.request(method, path, headers=KEY)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    found = response.json()
    assert (found["status"], found["instance"]) == (status, path)
    assert found["type"]
    assert found["title"]
    assert part in found["detail"]


async def test_a_method_that_is_not_possible_is_answered_with_those_that_are(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/v1/things", headers=KEY)).headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ([{"name": "long"}], [("body[0].name", "may have at most 3 characters")]),
        (
            [{"name": "a"}, {"units": "x"}],
            [("body[1].name", "is missing"), ("body[1].units", "must be a whole number")],
        ),
        ({}, [("body", "must be a list")]),
    ],
)
async def test_what_is_wrong_with_a_body_is_said_in_plain_words(
    client: httpx.AsyncClient, body: object, errors: list[tuple[str, str]]
) -> None:
    found = (await client.post("/v1/things", json=body, headers=KEY)).json()
    assert found["type"] == "urn:mizan:problem:invalid-request"
    assert [(error["location"], error["message"]) for error in found["errors"]] == errors
    assert found["detail"] == "; ".join(f"{where}: {what}" for where, what in errors)


async def test_only_the_first_errors_are_in_the_line_for_people(client: httpx.AsyncClient) -> None:
    found = (await client.post("/v1/things", json=[{}] * 5, headers=KEY)).json()
    assert len(found["errors"]) == 5
    assert found["detail"].endswith("body[2].name: is missing; and 2 more")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient, announced: bool) -> None:  # noqa: FBT001 - a column
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(0, MAX_BODY_BYTES + 1, 1024 * 1024):
            yield b" " * 1024 * 1024

    content = b" " * (MAX_BODY_BYTES + 1) if announced else in_pieces()
    response = await client.post("/v1/things", content=content, headers=KEY)
    assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")


async def test_what_is_no_json_is_refused_and_not_repeated(client: httpx.AsyncClient) -> None:
    headers = KEY | {"Content-Type": "application/json"}
    response = await client.post("/v1/things", content=b'["secret', headers=headers)
    assert response.status_code == 422
    assert "is not valid JSON" in response.json()["detail"]
    assert "secret" not in response.text


async def test_a_key_for_less_is_told_which_scope_is_missing(client: httpx.AsyncClient) -> None:
    headers = {"X-API-Key": "only-for-reading-42"}
    assert (await client.get("/v1/things/1", headers=headers)).status_code == 200
    refused = await client.post("/v1/things", json=[], headers=headers)
    assert (refused.status_code, refused.json()["scope"]) == (403, "stock.write")
    assert "the key reader lacks the scope stock.write" in refused.json()["detail"]
    assert "only-for-reading" not in refused.text


async def test_who_wrote_is_in_the_log_and_the_key_is_not(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("test", "info")
    await client.get("/v1/things/1", headers=KEY)
    await client.post("/v1/things", json=[], headers=KEY)
    await client.post("/v1/things", json=[], headers={"X-API-Key": "only-for-reading-42"})
    printed = capsys.readouterr().out
    told = [json.loads(line) for line in printed.splitlines()]
    assert [(entry["event"], entry["caller"], entry["status"]) for entry in told] == [
        ("write", "API_KEY", 200),
        ("write", "reader", 403),
    ]
    assert "right" not in printed
    assert "only-for-reading" not in printed


async def test_openapi_documents_problems_and_scopes(client: httpx.AsyncClient) -> None:
    found = (await client.get("/openapi.json")).json()
    route = found["paths"]["/v1/things"]["post"]
    assert route["security"] == [{"APIKeyHeader": ["stock.write"]}]
    reference = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in ("401", "403", "405", "413", "422", "500", "503", "default"):
        assert route["responses"][status]["content"] == reference
    assert "404" in found["paths"]["/v1/things/{number}"]["get"]["responses"]
    assert set(found["components"]["schemas"]) == {"Thing", "Problem", "InvalidPart"}
    assert {"type", "title", "status", "detail", "instance", "errors"} == set(
        found["components"]["schemas"]["Problem"]["properties"]
    )


async def test_readyz_names_what_does_not_work(client: httpx.AsyncClient) -> None:
    async def fine() -> Check:
        return Check(ok=True, facts={"rows": 3})

    async def broken() -> Check:
        raise ConnectionRefusedError("nobody there")

    probes["outbox"] = fine
    assert (await client.get("/readyz")).status_code == 200
    probes["database"] = broken
    response = await client.get("/readyz")
    assert response.status_code == 503
    checks = response.json()["checks"]
    assert checks["outbox"] == {"ok": True, "detail": "", "rows": 3}
    assert checks["database"] == {"ok": False, "detail": "ConnectionRefusedError: nobody there"}


async def test_livez_depends_on_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "alive", "service": "test"}
