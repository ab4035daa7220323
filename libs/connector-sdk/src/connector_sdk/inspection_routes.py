"""What an operator asks about the account and its listings: does it work, what differs, what would a write come to."""

import asyncio
import dataclasses as dc
from typing import Any, Self

from aiolimiter import AsyncLimiter
from contracts import Money
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, model_validator
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker

from connector_sdk import reconciliations, registry
from connector_sdk.account import Account
from connector_sdk.account_check import AccountCheck
from connector_sdk.marketplace import Marketplace, Outcome
from connector_sdk.observed_call import DRY_RUN, ObservedCall

_DRY_RUNS_A_SECOND = 1.0
_LONGEST_WAIT_SECONDS = 10.0
_CALL_SECONDS = 30.0
_WORDS = {Outcome.ACCEPTED: "valid", Outcome.REJECTED: "invalid"}
_STATUS_OF = {Outcome.UNSUPPORTED: 501, Outcome.RETRY: 503, Outcome.UNAUTHORISED: 502}


class DryRunBody(BaseModel):
    """What a write would set; at least one of the two."""

    quantity: int | None = Field(None, ge=0)
    price: Money | None = None

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if self.quantity is None and self.price is None:
            raise ValueError("name a quantity, a price or both")
        return self


class InspectionRoutes:
    """Every route wants an API key; the service sees to it."""

    def __init__(self, account: Account, worker: Worker, marketplace: Marketplace, check: AccountCheck) -> None:
        self._account = account
        self._worker = worker
        self._marketplace = marketplace
        self._check = check
        self._dry_runs = AsyncLimiter(1, 1 / _DRY_RUNS_A_SECOND)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1")
        router.add_api_route("/connection-test", self.test_connection, methods=["POST"])
        router.add_api_route("/reconciliation", self.show_reconciliation, methods=["GET"])
        router.add_api_route("/listings/{external_sku:path}/dry-run", self.dry_run, methods=["POST"])
        return router

    @needs(Scope.OPERATE)
    async def test_connection(self) -> dict[str, Any]:
        """Ask the marketplace now whether it takes our credentials and whether the account may sell."""
        told = {"channel": self._account.channel, "account": self._account.name}
        return told | dc.asdict(await self._check.verdict())

    @needs(Scope.OPERATE)
    async def show_reconciliation(self) -> dict[str, Any]:
        """The last comparison with what the marketplace shows: figures by cause, and every listing that differs."""
        async with self._worker.begin() as work:
            told = await reconciliations.report(work.connection)
            refused = await registry.refused(work.connection)
        is_supported = self._marketplace.capabilities().read_back
        return {"channel": self._account.channel, "is_supported": is_supported} | told | {"not_written": refused}

    @needs(Scope.OPERATE)
    async def dry_run(self, external_sku: str, body: DryRunBody) -> dict[str, Any]:
        """Have the marketplace judge a write without carrying it out."""
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._dry_runs.acquire()
        except TimeoutError:
            raise HTTPException(503, "too many dry runs at once: try again in a minute") from None
        with ObservedCall(DRY_RUN, self._worker.telemetry.measurements) as call:
            try:
                async with asyncio.timeout(_CALL_SECONDS):
                    result = await self._marketplace.dry_run(external_sku, body.quantity, body.price)
            except TimeoutError:
                raise HTTPException(504, "the marketplace did not answer in time") from None
            call.outcome = result.outcome.value
        if result.outcome not in _WORDS:
            said = "; ".join(f"{issue.code}: {issue.message}" for issue in result.issues[:3])
            raise HTTPException(_STATUS_OF.get(result.outcome, 502), f"{result.outcome}: {said}")
        issues = [issue.model_dump(mode="json") for issue in result.issues]
        return {
            "external_sku": external_sku,
            "status": _WORDS[result.outcome],
            "issues": issues,
            "request_id": result.request_id,
        }
