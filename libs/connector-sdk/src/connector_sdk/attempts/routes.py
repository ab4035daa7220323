"""What was tried, for operators: newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker

from connector_sdk.attempts import attempt_list
from connector_sdk.attempts.attempt_list import Wanted


class AttemptRoutes:
    """Every route wants an API key; the service sees to it."""

    def __init__(self, channel: str, worker: Worker) -> None:
        self._channel = channel
        self._worker = worker

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1")
        router.add_api_route("/attempts", self.show, methods=["GET"])
        return router

    @needs(Scope.OPERATE)
    async def show(self, wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
        """Every write that went out, or may have, newest first: what was asked, and what came of it.

        While `ended_at` is null nobody knows yet; an attempt whose sender died stays `unknown`.
        `next` is the `before` of the next page, null on the last one.
        """
        async with self._worker.begin() as work:
            found = await attempt_list.read(work.connection, wanted)
        following = found[-1]["id"] if len(found) == wanted.limit else None
        return {"channel": self._channel, "attempts": found, "next": following}
