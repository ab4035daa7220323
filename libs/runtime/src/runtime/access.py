"""Each route says what a key must be for; a key that is not gets 403, no key 401."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, SecurityScopes

from runtime.api_keys import ApiKeys, Scope
from runtime.problems import ProblemError

_key_header = APIKeyHeader(name="X-API-Key", auto_error=False)
_ATTRIBUTE = "__scope__"
EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])


def needs(scope: Scope) -> Callable[[EndpointT], EndpointT]:
    """Put below a route's decorator: callers need a key with this scope."""

    def declare(endpoint: EndpointT) -> EndpointT:
        setattr(endpoint, _ATTRIBUTE, scope)
        return endpoint

    return declare


def scope_of(endpoint: Callable[..., Any]) -> Scope | None:
    """What the route declares, if it does."""
    scope: Scope | None = getattr(endpoint, _ATTRIBUTE, None)
    return scope


def protect(router: APIRouter, keys: ApiKeys) -> None:
    """Let every route of `router` want a key; one that declares no scope wants a key that may do everything."""
    check = _checked_against(keys)
    for route in router.routes:
        if isinstance(route, APIRoute):
            scope = scope_of(route.endpoint) or Scope.EVERYTHING
            route.dependencies.insert(0, Security(check, scopes=[scope]))


def caller(request: Request) -> str:
    """The name of the key that the caller sent, empty where none is asked for."""
    name: str = getattr(request.state, "caller", "")
    return name


def _checked_against(keys: ApiKeys) -> Callable[..., AsyncIterator[None]]:
    async def check(
        request: Request, wanted: SecurityScopes, given: Annotated[str | None, Depends(_key_header)]
    ) -> AsyncIterator[None]:
        key = keys.find(given) if given is not None else None
        if key is None:
            raise HTTPException(401, "send a key that this service knows, such as its API_KEY, in the header X-API-Key")
        request.state.caller = key.name
        for scope in wanted.scopes:
            if not key.allows(Scope(scope)):
                raise ProblemError(403, "missing-scope", _lacking(key.name, scope), scope=scope)
        with structlog.contextvars.bound_contextvars(caller=key.name):
            yield

    return check


def _lacking(name: str, scope: str) -> str:
    if scope == Scope.EVERYTHING:
        return f"this needs a key that may do everything, and {name} may not"
    return f"the key {name} lacks the scope {scope}: add it in API_KEYS, or use another key"
