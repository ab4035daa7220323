"""What every Selling Partner operation does around its own work: check the caller and the limit, answer, tell the rate.

The limits are those of the models' default usage plans.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request, Response

from sandbox.amazon.auth import Tokens
from sandbox.amazon.wire import RefusedError, answer, throttled
from sandbox.limits import Limit, Limits

Work = Callable[[Request], Awaitable[object]]
"""Returns the body of the answer, None where it has none."""
Endpoint = Callable[[Request], Awaitable[Response]]


PATCH_LISTING = Limit("patchListingsItem", 5.0, 5)
GET_LISTING = Limit("getListingsItem", 5.0, 10)
SEARCH_ORDERS = Limit("searchOrders", 0.0056, 20)
GET_ORDER = Limit("getOrder", 0.5, 30)
CONFIRM_SHIPMENT = Limit("confirmShipment", 2.0, 10)
ESTIMATE_FEES = Limit("getMyFeesEstimates", 0.5, 1)


class Gate:
    """What stands before every operation: the token, then the limit."""

    def __init__(self, tokens: Tokens, limits: Limits) -> None:
        self._tokens = tokens
        self._limits = limits

    def operation(self, limit: Limit, work: Work, status: HTTPStatus = HTTPStatus.OK) -> Endpoint:
        """Wrap an operation's own work into a route that answers with `status` when it succeeds."""
        rate = str(limit.rate)

        async def endpoint(request: Request) -> Response:
            try:
                self._tokens.check(request.headers)
                if not self._limits.allow(limit):
                    raise throttled()
                return answer(status, await work(request), rate)
            except RefusedError as refused:
                return answer(refused.status, refused.body, rate)

        return endpoint
