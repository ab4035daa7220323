"""What every Selling Partner operation does around its own work: check the caller, answer, tell the rate."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request, Response

from sandbox.amazon.auth import Tokens
from sandbox.amazon.wire import RefusedError, answer

Work = Callable[[Request], Awaitable[dict[str, object]]]
Endpoint = Callable[[Request], Awaitable[Response]]


def operation(tokens: Tokens, rate: str, work: Work) -> Endpoint:
    """Wrap an operation's own work into a route.

    Args:
        tokens: checks the caller.
        rate: the published limit in calls a second; it is told in a header and not enforced.
        work: does the rest and returns the body of the answer.
    """

    async def endpoint(request: Request) -> Response:
        try:
            tokens.check(request.headers)
            return answer(HTTPStatus.OK, await work(request), rate)
        except RefusedError as refused:
            return answer(refused.status, refused.body, rate)

    return endpoint
