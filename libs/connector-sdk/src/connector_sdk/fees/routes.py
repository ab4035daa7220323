"""The estimates, for whoever makes prices."""

from typing import Annotated, Any

from contracts.types import Sku
from fastapi import APIRouter, Query
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker

from connector_sdk.fees import estimates


class FeeRoutes:
    """Every route wants an API key; the service sees to it."""

    def __init__(self, channel: str, worker: Worker, *, can_estimate: bool) -> None:
        self._channel = channel
        self._worker = worker
        self._can_estimate = can_estimate

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1")
        router.add_api_route("/fees", self.show, methods=["GET"])
        return router

    @needs(Scope.OPERATE)
    async def show(
        self, sku: Sku | None = None, after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> dict[str, Any]:
        """What the marketplace would keep of a sale of each listing. `after`: the last SKU of the page before.

        `supported` false: this channel's API estimates no fees.
        """
        async with self._worker.begin() as work:
            fees = await estimates.read(work.connection, sku, after, limit, work.now)
        return {"channel": self._channel, "supported": self._can_estimate, "fees": fees}
