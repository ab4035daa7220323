"""The Noon stand-in as an application. A cancelled unit stays off sale until the seller puts it back."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from sandbox.clock import Clock, system_clock
from sandbox.faults import Faults
from sandbox.limits import Limit, Limits
from sandbox.marketplace import Marketplace, assemble
from sandbox.noon.auth import check
from sandbox.noon.inventory import PATH, describe, update
from sandbox.noon.orders import list_orders
from sandbox.noon.settings import NoonSettings
from sandbox.noon.wire import RefusedError, read_object, refuse, throttled
from sandbox.store import Store

ALL_CALLS = Limit("all", 1500 / 60, 1500)
"""Noon's default usage plan: 1500 requests in 60 seconds, which may come at once."""


def build(settings: NoonSettings, clock: Clock = system_clock, seed: int | None = None) -> FastAPI:
    """Make the application; every route is served both bare and under /v1."""
    started = int(clock().timestamp()) % 10**7
    store = Store(clock, lambda number: f"NEG{started:07d}{number:06d}", restocks_on_cancel=False)
    faults = Faults(clock, seed)
    api = PartnerApi(settings, store, faults, clock)
    marketplace = Marketplace("Noon stand-in", describe, refuse)
    return assemble(marketplace, [api.router(""), api.router("/v1")], store, faults, clock)


class PartnerApi:
    """The two calls of the dialect, behind its checks."""

    def __init__(self, settings: NoonSettings, store: Store, faults: Faults, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults
        self._limits = Limits(faults, clock)
        self._clock = clock

    def router(self, prefix: str) -> APIRouter:
        router = APIRouter(prefix=prefix)
        router.add_api_route(PATH, self.update_inventory, methods=["POST"], response_model=None)
        router.add_api_route("/orders", self.orders, methods=["GET"], response_model=None)
        return router

    async def update_inventory(self, request: Request) -> Response:
        try:
            body = read_object(await request.body())
            self._admit(request, body)
            return JSONResponse(update(self._store, body, self._faults.live_delay()))
        except RefusedError as refused:
            return refused.answer()

    async def orders(self, request: Request) -> Response:
        try:
            query = _query(request)
            self._admit(request, query)
            return JSONResponse(list_orders(self._store, self._faults, query))
        except RefusedError as refused:
            return refused.answer()

    def _admit(self, request: Request, parameters: Mapping[str, object]) -> None:
        check(self._settings, self._clock(), request.headers.get("x-api-key"), parameters)
        if not self._limits.allow(ALL_CALLS):
            raise throttled()


def _query(request: Request) -> dict[str, str]:
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "repeated_parameter", "Each parameter may be given once")
    return query
