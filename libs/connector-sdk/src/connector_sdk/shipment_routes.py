"""How far the confirmation of parcels got, and confirming them again: for operators."""

from typing import Any, Literal

from contracts.types import Reference
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker
from sqlalchemy import text

from connector_sdk import shipments

_MOST = 200
_SHIPMENTS = text("""
select external_order_id, package_id, version, state, attempts, failures, lease is not null as is_in_flight,
       pending_since, next_attempt_at, submitted_at, answered_at, last_error, package
from shipments
where (cast(:order as text) is null or external_order_id = :order) and (cast(:state as text) is null or state = :state)
order by pending_since desc, external_order_id, package_id limit :most
""")


class AgainBody(BaseModel):
    """`package_id` absent: every parcel of the order."""

    external_order_id: Reference
    package_id: Reference | None = None


class ShipmentRoutes:
    """Every route wants an API key; the service sees to it."""

    def __init__(self, channel: str, worker: Worker) -> None:
        self._channel = channel
        self._worker = worker

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1/shipments")
        router.add_api_route("", self.show, methods=["GET"])
        router.add_api_route("/again", self.again, methods=["POST"], status_code=202)
        return router

    @needs(Scope.OPERATE)
    async def show(
        self,
        external_order_id: Reference | None = None,
        state: Literal["pending", "accepted", "rejected", "quarantined", "unsupported"] | None = None,
    ) -> dict[str, Any]:
        """The parcels told last, newest first, at most 200; of one order or in one state only, if given."""
        values = {"order": external_order_id, "state": state, "most": _MOST}
        async with self._worker.begin() as work:
            rows = (await work.connection.execute(_SHIPMENTS, values)).mappings().all()
        return {"channel": self._channel, "shipments": [dict(row) for row in rows]}

    @needs(Scope.OPERATE)
    async def again(self, body: AgainBody) -> dict[str, Any]:
        """Confirm an order's parcels once more, whatever became of them."""
        async with self._worker.begin() as work:
            asked = await shipments.again(work.connection, body.external_order_id, body.package_id, work.now)
        if not asked:
            raise HTTPException(
                404, f"no parcel of order {body.external_order_id!r} has been told: see GET /v1/shipments"
            )
        return {"channel": self._channel, "external_order_id": body.external_order_id, "requested": asked}
