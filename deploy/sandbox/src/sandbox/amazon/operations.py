"""What every Selling Partner operation does around its own work: check the caller and the limit, answer, tell the rate.

The limits are those of the models' default usage plans.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request, Response

from sandbox.amazon.auth import Tokens
from sandbox.amazon.wire import RefusedError, answer, throttled
from sandbox.limits import Limit, Limits

Work = Callable[[Request], Awaitable[dict[str, object]]]
Endpoint = Callable[[Request], Awaitable[Response]]


PATCH_LISTING = Limit("patchListingsItem", 5.0, 5)
GET_LISTING = Limit("getListingsItem", 5.0, 10)
SEARCH_ORDERS = Limit("searchOrders", 0.0056, 20)
GET_ORDER = Limit("getOrder", 0.5, 30)


class Gate:
    """What stands before every operation: the token, then the limit."""

    def __init__(self, tokens: Tokens, limits: Limits) -> None:
        self._tokens = tokens
        self._limits = limits

    def operation(self, limit: Limit, work: Work) -> Endpoint:
        """Wrap an operation's own work, which returns the body of the answer, into a route."""

        async def endpoint(request: Request) -> Response:
            allowed = self._limits.rate(limit)
            rate = None if allowed is None else str(allowed)
            try:
                self._tokens.check(request.headers)
                if not self._limits.allow(limit):
                    raise throttled()
                return answer(HTTPStatus.OK, await work(request), rate)
            except RefusedError as refused:
                return answer(refused.status, refused.body, rate)

        return endpoint
