"""With a record folder everything that passes over the wire is kept, and no secret is."""

import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox.amazon import app
from sandbox.amazon.settings import AmazonSettings, read_settings
from sandbox.environment import Environment, EnvironmentVariablesError
from sandbox.testing.manual_clock import ManualClock

SELLER = AmazonSettings("client", "client-secret", "Atzr|refresh", "SELLER1")
FORM = {
    "grant_type": "refresh_token",
    "client_id": SELLER.client_id,
    "client_secret": SELLER.client_secret,
    "refresh_token": SELLER.refresh_token,
}
ORDERS = "/orders/2026-01-01/orders"
DOCUMENTS = "/feeds/2021-06-30/documents"
JSON = "application/json; charset=UTF-8"


@pytest.fixture
async def amazon(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The stand-in with a record, called by the seller."""
    application = app.build(replace(SELLER, record_folder=str(tmp_path / "a" / "b")), ManualClock(), seed=7)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://amazon.test") as client:
        granted = (await client.post("/auth/o2/token", data=FORM)).json()
        client.headers["x-amz-access-token"] = granted["access_token"]
        yield client


def _lines(folder: Path) -> list[dict[str, Any]]:
    (file,) = folder.glob("a/b/*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


async def test_a_request_and_its_answer_are_one_line(amazon: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await amazon.get(f"{ORDERS}/a%2Fb", params={"includedData": "PROCEEDS"})
    line = _lines(tmp_path)[-1]
    request = line["request"]
    assert (request["method"], request["path"], request["query"]) == (
        "GET",
        f"{ORDERS}/a%2Fb",
        "includedData=PROCEEDS",
    )
    assert request["headers"]["user-agent"].startswith("python-httpx")
    assert (request["body"], line["fault"], line["error"]) == ({"text": ""}, None, None)
    told = line["answer"]
    assert (told["status"], told["is_whole"], told["body"]["text"]) == (answer.status_code, True, answer.text)
    assert told["headers"]["x-amzn-requestid"] == answer.headers["x-amzn-requestid"]


async def test_the_control_surface_is_no_part_of_it(amazon: httpx.AsyncClient, tmp_path: Path) -> None:
    before = _lines(tmp_path)
    await amazon.get("/_sandbox/state")
    assert _lines(tmp_path) == before


async def test_no_secret_is_kept_but_its_length_is(amazon: httpx.AsyncClient, tmp_path: Path) -> None:
    token = amazon.headers["x-amz-access-token"]
    made = (await amazon.post(DOCUMENTS, json={"contentType": JSON})).json()
    del amazon.headers["x-amz-access-token"]
    await amazon.put(made["url"], content=b"{}", headers={"content-type": JSON})
    asked, document, upload = _lines(tmp_path)
    kept = json.dumps([asked, document, upload])
    for secret in (token, SELLER.client_secret, "Atzr", made["url"].rpartition("=")[2]):
        assert secret not in kept
    assert f"client_secret={'*' * len(SELLER.client_secret)}" in asked["request"]["body"]["text"]
    assert json.loads(asked["answer"]["body"]["text"])["access_token"] == "*" * len(token)
    assert document["request"]["headers"]["x-amz-access-token"] == "*" * len(token)
    assert upload["request"]["query"].startswith("X-Amz-Signature=***")
    assert upload["request"]["body"] == {"text": "{}"}


async def test_what_is_no_text_is_kept_too(amazon: httpx.AsyncClient, tmp_path: Path) -> None:
    await amazon.put("/feed-documents/x", content=gzip.compress(b"feed"))
    assert list(_lines(tmp_path)[-1]["request"]["body"]) == ["base64"]


@pytest.mark.parametrize(
    ("faults", "fault"),
    [
        ({"unauthorised": True}, "unauthorised"),
        ({"throttle_rate": 1}, "throttled"),
        ({"error_rate": 1}, "failed"),
    ],
)
async def test_a_fault_is_named(
    amazon: httpx.AsyncClient, tmp_path: Path, faults: dict[str, object], fault: str
) -> None:
    await amazon.put("/_sandbox/faults", json=faults)
    answer = await amazon.get(ORDERS)
    line = _lines(tmp_path)[-1]
    assert (line["fault"], line["answer"]["status"]) == (fault, answer.status_code)


async def test_an_answer_that_is_broken_off_says_so(amazon: httpx.AsyncClient, tmp_path: Path) -> None:
    await amazon.put("/_sandbox/faults", json={"down_s": 60})
    for _ in range(20):
        with contextlib.suppress(AssertionError):  # this transport insists on a whole answer
            await amazon.get(ORDERS)
    lines = [line for line in _lines(tmp_path) if line["request"]["path"] == ORDERS]
    assert {(line["fault"], line["answer"]["is_whole"]) for line in lines} == {("down", True), ("cut", False)}


async def test_where_the_stand_in_itself_breaks_that_is_said(tmp_path: Path) -> None:
    application = app.build(replace(SELLER, record_folder=str(tmp_path / "a" / "b")), ManualClock())

    @application.get("/breaks")
    async def breaks() -> None:
        raise LookupError

    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://amazon.test") as client:
        await client.get("/breaks")
    (line,) = _lines(tmp_path)
    assert (line["answer"], line["error"]) == (None, "LookupError")


def test_the_folder_is_a_setting_and_must_be_one(tmp_path: Path) -> None:
    names = ("AMAZON_CLIENT_ID", "AMAZON_CLIENT_SECRET", "AMAZON_REFRESH_TOKEN", "AMAZON_SELLER_ID")
    environment = dict.fromkeys(names, "x")
    assert read_settings(Environment(environment)).record_folder == ""
    (tmp_path / "file").touch()
    settings = read_settings(Environment({**environment, "SANDBOX_RECORD_FOLDER": str(tmp_path / "file" / "x")}))
    with pytest.raises(EnvironmentVariablesError, match=r"SANDBOX_RECORD_FOLDER=.*can't be made"):
        app.build(settings)
