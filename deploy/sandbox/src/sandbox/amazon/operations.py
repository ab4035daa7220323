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
GET_DESTINATIONS = Limit("getDestinations", 1.0, 5)
CREATE_DESTINATION = Limit("createDestination", 1.0, 5)
GET_SUBSCRIPTION = Limit("getSubscription", 1.0, 5)
CREATE_SUBSCRIPTION = Limit("createSubscription", 1.0, 5)


class Gate:
    """What stands before every operation: the token, then the limit."""

    def __init__(self, tokens: Tokens, limits: Limits) -> None:
        self._tokens = tokens
        self._limits = limits

    def operation(self, limit: Limit, work: Work, *, grantless: bool = False) -> Endpoint:
        """Wrap an operation's own work, which returns the body of the answer, into a route.

        `grantless`: it wants the application's own token and no seller's.
        """
        rate = str(limit.rate)

        async def endpoint(request: Request) -> Response:
            try:
                self._tokens.check(request.headers, grantless=grantless)
                if not self._limits.allow(limit):
                    raise throttled()
                return answer(HTTPStatus.OK, await work(request), rate)
            except RefusedError as refused:
                return answer(refused.status, refused.body, rate)

        return endpoint
