"""The HTTP face that every service has: health, authentication, and errors as RFC 9457 problems."""

import http
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from pydantic import SecretStr
from starlette.exceptions import HTTPException as StarletteHTTPException

from runtime.health import Check, Probe, run_probes
from runtime.logs import get_logger
from runtime.measurements import CONTENT_TYPE
from runtime.metrics import PART_READY
from runtime.request_context import HEADER, RequestContext
from runtime.telemetry import Telemetry

_log = get_logger(__name__)
_key_header = APIKeyHeader(name="X-API-Key", auto_error=False)


def create_app(name: str, probes: Mapping[str, Probe], telemetry: Telemetry | None = None) -> FastAPI:
    """An app with `/livez` (the process answers), `/readyz` (every part works; 503 says what does not) and `/metrics`.

    `probes` is read at each request, so that parts may be added later. The probes leave their figures in `telemetry`.
    """
    telemetry = telemetry or Telemetry()
    app = FastAPI(title=f"Mizan {name}", openapi_url="/openapi.json")
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(Exception, _on_bug)

    app.add_middleware(RequestContext, tracing=telemetry.tracing)

    async def look() -> dict[str, Check]:
        checks = await run_probes(probes)
        for part, check in checks.items():
            telemetry.measurements.set(PART_READY, check.ok, part=part)
        return checks

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive", "service": name}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, Any]:
        checks = await look()
        ready = all(check.ok for check in checks.values())
        response.status_code = 200 if ready else 503
        return {
            "status": "ready" if ready else "not ready",
            "service": name,
            "checks": {part: {"ok": c.ok, "detail": c.detail, **c.facts} for part, c in checks.items()},
        }

    @app.get("/metrics")
    async def metrics() -> Response:
        await look()
        return Response(telemetry.measurements.page(), headers={"content-type": CONTENT_TYPE})

    return app


def require_api_key(expected: SecretStr) -> Callable[..., Awaitable[None]]:
    """A dependency for routers: answers 401 unless the caller sends the right `X-API-Key`."""

    async def check(given: Annotated[str | None, Depends(_key_header)]) -> None:
        if given is None or not secrets.compare_digest(given.encode(), expected.get_secret_value().encode()):
            raise HTTPException(401, "send the service's API_KEY in the header X-API-Key")

    return check


def problem(status: int, detail: str, **members: Any) -> JSONResponse:  # noqa: ANN401 - any JSON
    """An `application/problem+json` answer (RFC 9457)."""
    body = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body | members, status, media_type="application/problem+json")


async def _on_http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, StarletteHTTPException):
        raise error
    return problem(error.status_code, str(error.detail))


async def _on_invalid_request(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [{"field": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    first = "; ".join(f"{e['field']}: {e['message']}" for e in errors[:3])
    return problem(422, first, errors=errors)


async def _on_bug(request: Request, error: Exception) -> Response:
    """Runs outside of every middleware, and so puts the request's id into the log and the answer itself."""
    request_id = getattr(request.state, "request_id", "")
    _log.error("request failed", path=request.url.path, request_id=request_id, exc_info=error)
    answer = problem(500, "something went wrong here; the log says what")
    answer.headers[HEADER] = request_id
    return answer
