import json
import logging
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from runtime.health import Check, Probe
from runtime.http import create_app
from runtime.logs import configure, get_logger
from runtime.metrics import OUTBOX_ROWS, PART_READY
from runtime.telemetry import Telemetry
from runtime.testing.spans import RecordedSpans, context_of
from runtime.tracing import read_traceparent

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before


@pytest.fixture
def spans() -> RecordedSpans:
    return RecordedSpans()


@pytest.fixture
def telemetry(spans: RecordedSpans) -> Telemetry:
    return Telemetry(tracing=spans.tracing)


@pytest.fixture
def app(telemetry: Telemetry) -> FastAPI:
    async def outbox() -> Check:
        telemetry.measurements.set(OUTBOX_ROWS, 3)
        return Check(ok=True)

    async def broken() -> Check:
        raise ConnectionRefusedError("nobody there")

    probes: dict[str, Probe] = {"outbox": outbox, "database": broken}
    app = create_app("test", probes, telemetry)

    @app.get("/v1/things/{number}")
    async def thing(number: int) -> int:
        get_logger("things").info("asked")
        return 10 // number

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


@pytest.mark.parametrize(("number", "events"), [(1, ["asked"]), (0, ["asked", "request failed"])])
async def test_the_callers_request_id_is_in_the_answer_and_in_every_log(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], number: int, events: list[str]
) -> None:
    configure("test", "info")
    answer = await client.get(f"/v1/things/{number}", headers={"X-Request-ID": "desk-42"})
    assert answer.headers.get_list("x-request-id") == ["desk-42"]
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logged = [entry for entry in entries if entry["logger"] != "asyncio"]  # tells of what earlier tests left behind
    assert [entry["event"] for entry in logged] == events
    assert {entry["request_id"] for entry in logged} == {"desk-42"}


@pytest.mark.parametrize("given", [None, "", "two words", "x" * 129, 'a"b'])
async def test_a_missing_or_odd_request_id_is_replaced(client: httpx.AsyncClient, given: str | None) -> None:
    answer = await client.get("/livez", headers={} if given is None else {"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_a_request_continues_its_callers_trace_and_its_logs_name_it(
    client: httpx.AsyncClient, spans: RecordedSpans, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("test", "info")
    await client.get("/v1/things/1", headers={"traceparent": HEADER})
    [span] = spans.ended()
    caller = read_traceparent(HEADER)
    assert caller is not None
    assert span.parent == caller
    assert context_of(span).trace_id == caller.trace_id
    assert json.loads(capsys.readouterr().out)["trace_id"] == HEADER.split("-")[1]


async def test_metrics_want_no_key_and_are_as_new_as_the_request(
    client: httpx.AsyncClient, telemetry: Telemetry, spans: RecordedSpans
) -> None:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "mizan_outbox_rows 3.0" in answer.text.splitlines()
    assert telemetry.measurements.value(PART_READY, part="outbox") == 1
    assert telemetry.measurements.value(PART_READY, part="database") == 0
    assert (await client.get("/metrics/", follow_redirects=False)).status_code != 200
    assert spans.ended() == ()
