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
PREVIEW_LISTING = Limit("patchListingsItem in preview", 1.0, 1)
GET_LISTING = Limit("getListingsItem", 5.0, 10)
SEARCH_LISTINGS = Limit("searchListingsItems", 5.0, 5)
GET_PARTICIPATIONS = Limit("getMarketplaceParticipations", 0.016, 15)
SEARCH_ORDERS = Limit("searchOrders", 0.0056, 20)
GET_ORDER = Limit("getOrder", 0.5, 30)
CREATE_FEED_DOCUMENT = Limit("createFeedDocument", 0.5, 15)
CREATE_FEED = Limit("createFeed", 0.0083, 15)
LISTINGS_FEEDS = Limit("JSON_LISTINGS_FEED", 5 / 300, 5)
"""Above createFeed's own: of this feed type five in five minutes."""
GET_FEED = Limit("getFeed", 2.0, 15)
CANCEL_FEED = Limit("cancelFeed", 2.0, 15)
GET_FEEDS = Limit("getFeeds", 0.0222, 10)
GET_FEED_DOCUMENT = Limit("getFeedDocument", 0.0222, 10)
CREATE_REPORT = Limit("createReport", 0.0167, 15)
GET_REPORT = Limit("getReport", 2.0, 15)
GET_REPORT_DOCUMENT = Limit("getReportDocument", 0.0167, 15)
CONFIRM_SHIPMENT = Limit("confirmShipment", 2.0, 10)
ESTIMATE_FEES = Limit("getMyFeesEstimates", 0.5, 1)
GET_DESTINATIONS = Limit("getDestinations", 1.0, 5)
CREATE_DESTINATION = Limit("createDestination", 1.0, 5)
GET_SUBSCRIPTION = Limit("getSubscription", 1.0, 5)
CREATE_SUBSCRIPTION = Limit("createSubscription", 1.0, 5)


class Gate:
    """What stands before every operation: the token, then the limit."""

    def __init__(self, tokens: Tokens, limits: Limits) -> None:
        self._tokens = tokens
        self._limits = limits

    def allow(self, limit: Limit) -> None:
        """Take one call off a limit that stands beside the operation's own.

        Raises:
            RefusedError: 429, there is none left.
        """
        if not self._limits.allow(limit):
            raise throttled()

    def operation(
        self,
        limit: Limit | Callable[[Request], Limit],
        work: Work,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        grantless: bool = False,
    ) -> Endpoint:
        """Wrap an operation's own work into a route that answers with `status` when it succeeds.

        `limit` may depend on the request. `grantless`: it wants the application's own token and no seller's.
        """
        chosen = limit

        async def endpoint(request: Request) -> Response:
            limit = chosen if isinstance(chosen, Limit) else chosen(request)
            allowed = self._limits.rate(limit)
            rate = None if allowed is None else str(allowed)
            try:
                self._tokens.check(request.headers, grantless=grantless)
                if not self._limits.allow(limit):
                    raise throttled()
                return answer(status, await work(request), rate)
            except RefusedError as refused:
                return answer(refused.status, refused.body, rate)

        return endpoint
