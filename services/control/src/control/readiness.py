"""Asking a service whether it is ready, and putting its answer in one line."""

import asyncio
import dataclasses as dc
import enum
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from control.addresses import Address


class State(enum.StrEnum):
    READY = "ready"
    NOT_READY = "not ready"
    NO_ANSWER = "no answer"


@dc.dataclass(frozen=True, slots=True)
class Readiness:
    """How a service fares. `detail` says in one line what is wrong; `facts` are its figures, by part."""

    service: str
    url: str
    state: State
    detail: str = ""
    facts: Mapping[str, Mapping[str, Any]] = dc.field(default_factory=dict)


class _Check(BaseModel):
    model_config = ConfigDict(extra="allow")

    ok: bool
    detail: str = ""


class _Report(BaseModel):
    service: str
    checks: dict[str, _Check]


async def ask(client: httpx.AsyncClient, address: Address, *, timeout_seconds: float) -> Readiness:
    """The service's readiness. Whatever goes wrong is told in the answer, never raised."""
    try:
        async with asyncio.timeout(timeout_seconds):
            answer = await client.get(f"{address.url}/readyz")
    except TimeoutError:
        return _no_answer(address, f"within {timeout_seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return _no_answer(address, f"({_one_line(str(error)) or type(error).__name__})")
    return read(address, answer.status_code, answer.content)


def read(address: Address, status_code: int, body: bytes) -> Readiness:
    """Make sense of what a `/readyz` answered."""
    try:
        report = _Report.model_validate_json(body)
    except ValidationError:
        return _not_ready(
            address, f"{address.url} answers {status_code} but is no service of ours: {_correct(address)}"
        )
    if report.service != address.service:
        return _not_ready(address, f"{address.url} is {_one_line(report.service)}: {_correct(address)}")
    wrong = [f"{part}: {check.detail or 'not ok'}" for part, check in report.checks.items() if not check.ok]
    facts = {part: check.model_extra for part, check in report.checks.items() if check.model_extra}
    if wrong or status_code != httpx.codes.OK:
        return _not_ready(address, _one_line("; ".join(wrong)) or f"answers {status_code}", facts)
    return Readiness(address.service, address.url, State.READY, facts=facts)


def _no_answer(address: Address, why: str) -> Readiness:
    detail = f"no answer from {address.url} {why}"
    return Readiness(address.service, address.url, State.NO_ANSWER, detail)


def _not_ready(address: Address, detail: str, facts: Mapping[str, Mapping[str, Any]] | None = None) -> Readiness:
    return Readiness(address.service, address.url, State.NOT_READY, detail, facts or {})


def _correct(address: Address) -> str:
    return f"correct {address.variable}"


def _one_line(said: str) -> str:
    return " ".join(said.split())[:300]
