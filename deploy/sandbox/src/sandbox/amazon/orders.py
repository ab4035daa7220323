"""Orders 2026-01-01: searchOrders and getOrder. `order_data` says how an order looks."""

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request

from sandbox.amazon.operations import GET_ORDER, SEARCH_ORDERS, Gate
from sandbox.amazon.order_data import DATA_SETS, printed
from sandbox.amazon.order_search import read_search
from sandbox.amazon.settings import AmazonSettings
from sandbox.amazon.wire import Query, RefusedError
from sandbox.clock import iso
from sandbox.faults import Faults
from sandbox.store import NotFoundError, Store

ROOT = "/orders/2026-01-01/orders"


class Orders:
    """The two operations over the store."""

    def __init__(self, settings: AmazonSettings, store: Store, faults: Faults) -> None:
        self._settings = settings
        self._store = store
        self._faults = faults

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        search, get = gate.operation(SEARCH_ORDERS, self.search), gate.operation(GET_ORDER, self.get)
        router.add_api_route(ROOT, search, methods=["GET"], response_model=None)
        router.add_api_route(f"{ROOT}/{{order_id}}", get, methods=["GET"], response_model=None)
        return router

    async def search(self, request: Request) -> dict[str, object]:
        """The upper bound that is echoed keeps its promise: no older order will be found later."""
        delay = max(self._settings.order_delay, self._faults.settings.order_lag)
        asked = read_search(Query(request.scope["query_string"]), self._store.now(), delay)
        search = replace(asked, page_size=self._faults.page_size(asked.page_size))
        page = search.page(self._store.orders())
        told = self._faults.disorder(page.orders, page.previous)
        answer: dict[str, object] = {"orders": [printed(order, search.data_sets) for order in told]}
        if page.next_token is not None:
            answer["pagination"] = {"nextToken": page.next_token}
        answer[f"{search.by}Before"] = iso(search.before)
        return answer

    async def get(self, request: Request) -> dict[str, object]:
        data_sets = Query(request.scope["query_string"]).many("includedData", DATA_SETS)
        lag = self._faults.settings.order_lag
        try:
            order = self._store.order(request.path_params["order_id"], lag)
        except NotFoundError as error:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", "The order was not found.") from error
        return {"order": printed(order, data_sets)}
