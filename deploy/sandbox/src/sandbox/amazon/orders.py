"""Orders 2026-01-01: searchOrders and getOrder. `order_data` says how an order looks."""

from http import HTTPStatus

from fastapi import APIRouter, Request

from sandbox.amazon.auth import Tokens
from sandbox.amazon.operations import operation
from sandbox.amazon.order_data import DATA_SETS, printed
from sandbox.amazon.order_search import read_search
from sandbox.amazon.settings import AmazonSettings
from sandbox.amazon.wire import Query, RefusedError
from sandbox.clock import iso
from sandbox.store import NotFoundError, Store

ROOT = "/orders/2026-01-01/orders"
SEARCH_RATE = "0.0056"
GET_RATE = "0.5"


class Orders:
    """The two operations over the store."""

    def __init__(self, settings: AmazonSettings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def router(self, tokens: Tokens) -> APIRouter:
        router = APIRouter()
        search, get = operation(tokens, SEARCH_RATE, self.search), operation(tokens, GET_RATE, self.get)
        router.add_api_route(ROOT, search, methods=["GET"], response_model=None)
        router.add_api_route(f"{ROOT}/{{order_id}}", get, methods=["GET"], response_model=None)
        return router

    async def search(self, request: Request) -> dict[str, object]:
        search = read_search(Query(request.scope["query_string"]), self._store.now(), self._settings.order_delay)
        orders, next_token = search.page(self._store.orders())
        answer: dict[str, object] = {"orders": [printed(order, search.data_sets) for order in orders]}
        if next_token is not None:
            answer["pagination"] = {"nextToken": next_token}
        answer[f"{search.by}Before"] = iso(search.before)
        return answer

    async def get(self, request: Request) -> dict[str, object]:
        data_sets = Query(request.scope["query_string"]).many("includedData", DATA_SETS)
        try:
            order = self._store.order(request.path_params["order_id"])
        except NotFoundError as error:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", "The order was not found.") from error
        return {"order": printed(order, data_sets)}
