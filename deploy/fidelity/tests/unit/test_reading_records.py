"""What the sandbox recorded is judged like anything else: planted faults are found, and end in exit code 1."""

import asyncio
import contextlib
import dataclasses as dc
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from fidelity.canned import recording_canned
from fidelity.cli import run
from fidelity.records import read_records
from fidelity.scenes import SELLER
from fidelity.sources import run_recorded
from sandbox.amazon import app

MODELS = Path(__file__).parent / "models"
USER_AGENT = "Mizan/0.1 (Language=Python/3.11)"
HEADERS = {"user-agent": USER_AGENT, "x-amz-date": "20261122T100000Z"}
ORDERS = "/orders/2026-01-01/orders"
WINDOW = {"createdAfter": "2026-01-01T00:00:00Z", "marketplaceIds": "ARBP9OOSHTCHU"}


@contextlib.asynccontextmanager
async def _client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Calls a sandbox that records, as the connector would."""
    transport = httpx.ASGITransport(app.build(dc.replace(SELLER, record_folder=str(folder)), seed=7))
    async with httpx.AsyncClient(transport=transport, base_url="http://amazon.test", headers=HEADERS) as client:
        form = {"client_id": SELLER.client_id, "client_secret": SELLER.client_secret}
        form |= {"grant_type": "refresh_token", "refresh_token": SELLER.refresh_token}
        granted = (await client.post("/auth/o2/token", data=form)).json()
        client.headers["x-amz-access-token"] = granted["access_token"]
        yield client


async def _search(folder: Path, more: Mapping[str, str] | None = None, user_agent: str = USER_AGENT) -> None:
    async with _client(folder) as client:
        await client.get(ORDERS, params={**WINDOW, **(more or {})}, headers={"user-agent": user_agent})


def _replace(folder: Path, old: str, new: str) -> None:
    (file,) = folder.glob("*.jsonl")
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _judge(folder: Path) -> int:
    return run({"SPAPI_MODELS": str(MODELS), "RECORDS": str(folder)})


async def test_a_record_that_keeps_to_the_models_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await _search(tmp_path)
    assert _judge(tmp_path) == 0
    rows = [line.split()[:6] for line in capsys.readouterr().out.splitlines()]
    assert ["searchOrders", "record", "1", "1", "0", "0"] in rows


async def test_a_planted_request_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await _search(tmp_path, {"createdafter": "now"})
    assert _judge(tmp_path) == 1
    assert "invalid: record: searchOrders: query parameter createdafter: not in the model" in capsys.readouterr().out


async def test_a_request_without_the_connectors_name_is_taken_for_the_connectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _search(tmp_path, user_agent="python-httpx/0.28")
    assert _judge(tmp_path) == 1
    assert "header user-agent" in capsys.readouterr().out


async def test_what_a_test_asks_by_hand_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _search(tmp_path, {"createdafter": "now"}, user_agent="by-hand/a-test")
    assert _judge(tmp_path) == 0
    assert "left out: record: 1 requests" in capsys.readouterr().out


async def test_a_planted_answer_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await _search(tmp_path)
    _replace(tmp_path, r"{\"orders\":[]", r"{\"order\":[]")
    assert _judge(tmp_path) == 1
    assert "invalid: record: searchOrders: answer 200: body:" in capsys.readouterr().out


async def test_what_gets_a_canned_answer_is_judged_and_the_answer_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {**HEADERS, "x-amz-access-token": "Atza|x"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="no JSON"))
    with recording_canned(tmp_path):
        async with httpx.AsyncClient(transport=transport, base_url="http://amazon.test", headers=headers) as client:
            for query in (WINDOW, {**WINDOW, "createdafter": "now"}):
                assert (await client.get(ORDERS, params=query)).text == "no JSON"
    assert _judge(tmp_path) == 1
    told = capsys.readouterr().out.splitlines()
    assert ["searchOrders", "record", "2", "0", "1", "0"] in [line.split() for line in told]
    assert told[-1].startswith("invalid: record: searchOrders: query parameter createdafter")


async def test_broken_answers_are_counted_apart(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        await client.put("/_sandbox/faults", json={"down_s": 60})
        for _ in range(20):
            with contextlib.suppress(AssertionError):  # this transport insists on a whole answer
                await client.get(ORDERS, params=WINDOW)
    (recording,) = read_records(tmp_path)
    assert {exchange.is_broken for exchange in recording.exchanges} == {True, False}
    assert _judge(tmp_path) == 0


def test_notifications_are_documents_and_one_without_a_schema_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known, unknown = {"NotificationType": "ORDER_CHANGE"}, {"NotificationType": "WEATHER"}
    lines = [{"kind": "notification", "at": "", "body": body} for body in (known, unknown)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (recording,) = read_records(tmp_path)
    assert [each.schema for each in recording.documents] == ["OrderChangeNotification.json", "WEATHER (no schema)"]
    assert _judge(tmp_path) == 2
    assert "OrderChangeNotification.json can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["{", '{"kind": "exchange"}', "[]"])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    assert _judge(tmp_path) == 2
    assert "a.jsonl, line 1" in capsys.readouterr().err


def test_where_nothing_was_recorded_nothing_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _judge(tmp_path) == 1
    assert "nothing went over the wire" in capsys.readouterr().err


def test_another_source_is_no_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert run({"SPAPI_MODELS": str(MODELS), "FIDELITY": "weather"}) == 2
    assert "scenes, tests, e2e, demo" in capsys.readouterr().err


async def test_a_program_that_is_run_records_into_a_folder_that_was_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    await _search(folder)
    program = (
        "import os, pathlib, sys; folder = pathlib.Path(os.environ['SANDBOX_RECORD_FOLDER']); folder.mkdir();"
        "(folder / 'a.jsonl').write_text('{}'); sys.exit(3)".format(json.dumps({"kind": "notification", "body": {}}))
    )
    played = await asyncio.to_thread(run_recorded, ("-c", program), folder, {})
    assert [len(recording.documents) for recording in played.recordings] == [1]
    assert played.complaint.endswith("ended with exit code 3")
