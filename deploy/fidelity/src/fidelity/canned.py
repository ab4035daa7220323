"""A pytest plugin (`-p fidelity.canned`): what the connector asks in tests with canned answers is recorded as well.

The answers are the test's own and no sandbox's, so they are no part of the record.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sandbox.amazon.record import Answer, Record
from sandbox.clock import system_clock


@pytest.fixture(scope="session", autouse=True)
def _canned_answers_leave_a_trace() -> Iterator[None]:
    with recording_canned(Path(os.environ["SANDBOX_RECORD_FOLDER"])):
        yield


@contextlib.contextmanager
def recording_canned(folder: Path) -> Iterator[None]:
    """Record what is asked of any `httpx.MockTransport`, until the end of the block."""
    record = Record(folder, system_clock)
    answer = httpx.MockTransport.handle_async_request

    async def note_and_answer(transport: httpx.MockTransport, request: httpx.Request) -> httpx.Response:
        record.exchange(_scope(request), await request.aread(), Answer())
        return await answer(transport, request)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpx.MockTransport, "handle_async_request", note_and_answer)
        yield


def _scope(request: httpx.Request) -> dict[str, object]:
    """Describe a request as a server would."""
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "method": request.method,
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "headers": request.headers.raw,
    }
