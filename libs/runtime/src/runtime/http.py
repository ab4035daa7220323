"""The HTTP face that every service has: health, metrics, problems for errors, and the limits of a request."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Response

from runtime.body_limit import BodyLimit
from runtime.health import Check, Probe, run_probes
from runtime.measurements import CONTENT_TYPE
from runtime.metrics import PART_READY
from runtime.openapi import DocumentedApp
from runtime.problems import add_problems
from runtime.request_context import RequestContext
from runtime.telemetry import Telemetry


def create_app(name: str, probes: Mapping[str, Probe], telemetry: Telemetry | None = None) -> FastAPI:
    """An app with `/livez` (the process answers), `/readyz` (every part works; 503 says what does not) and `/metrics`.

    `probes` is read at each request, so that parts may be added later. The probes leave their figures in `telemetry`.
    """
    telemetry = telemetry or Telemetry()
    app = DocumentedApp(title=f"Mizan {name}", openapi_url="/openapi.json")
    add_problems(app)
    app.add_middleware(BodyLimit)
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
