"""A stand-in put together: one marketplace's routes, the control surface, the faults and the call log."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from sandbox.calls import CallLog, CallRecorder, Describe, is_marketplace_call
from sandbox.clock import Clock
from sandbox.control import Control
from sandbox.faults import FaultMiddleware, Faults, Refuse
from sandbox.problem import invalid, problem
from sandbox.store import ConflictError, NotFoundError, Store


@dataclass(frozen=True)
class Marketplace:
    """What the shared parts must know of one marketplace: its name, how to read a call and how it says no."""

    name: str
    describe: Describe
    refuse: Refuse


def assemble(
    marketplace: Marketplace, routers: Sequence[APIRouter], store: Store, faults: Faults, clock: Clock
) -> FastAPI:
    """Make the application. The call log is outermost, so it sees what the faults answer too."""
    app = FastAPI(title=marketplace.name, docs_url=None, redoc_url=None, openapi_url=None)
    calls = CallLog()
    app.include_router(Control(store, calls, faults).router())
    for router in routers:
        app.include_router(router)
    _explain_refusals(app, marketplace)
    app.add_middleware(FaultMiddleware, faults=faults, refuse=marketplace.refuse)
    app.add_middleware(CallRecorder, log=calls, describe=marketplace.describe, clock=clock)
    return app


def _explain_refusals(app: FastAPI, marketplace: Marketplace) -> None:
    @app.exception_handler(NotFoundError)
    async def not_found(_request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.NOT_FOUND, str(error))

    @app.exception_handler(ConflictError)
    async def conflict(_request: Request, error: Exception) -> Response:
        return problem(HTTPStatus.CONFLICT, str(error))

    @app.exception_handler(RequestValidationError)
    async def unreadable(_request: Request, error: RequestValidationError) -> Response:
        return invalid(error)

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        if is_marketplace_call(request.scope):
            return marketplace.refuse(request.url.path, status)
        return problem(status, f"{request.method} {request.url.path} is not part of the control surface")
