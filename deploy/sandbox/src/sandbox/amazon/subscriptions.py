"""Notifications v1: destinations and subscriptions. They send nothing: AMAZON_SQS_QUEUE_URL decides where things go."""

import re
import uuid
from http import HTTPStatus

from fastapi import APIRouter, Request

from sandbox.amazon.operations import (
    CREATE_DESTINATION,
    CREATE_SUBSCRIPTION,
    GET_DESTINATIONS,
    GET_SUBSCRIPTION,
    Gate,
)
from sandbox.amazon.wire import Query, RefusedError, invalid_input

ROOT = "/notifications/v1"
_ARN = re.compile(r"arn:aws:sqs:\S+:\S+:\S+")


class Subscriptions:
    """One application's destinations, and one seller's subscriptions by type and version."""

    def __init__(self) -> None:
        self._destinations: dict[str, dict[str, object]] = {}
        self._subscriptions: dict[tuple[str, str], dict[str, object]] = {}

    def router(self, gate: Gate) -> APIRouter:
        router = APIRouter()
        destinations, subscription = f"{ROOT}/destinations", f"{ROOT}/subscriptions/{{kind}}"
        for path, method, limit, work, grantless in (
            (destinations, "GET", GET_DESTINATIONS, self.list_destinations, True),
            (destinations, "POST", CREATE_DESTINATION, self.create_destination, True),
            (subscription, "GET", GET_SUBSCRIPTION, self.show, False),
            (subscription, "POST", CREATE_SUBSCRIPTION, self.create, False),
        ):
            endpoint = gate.operation(limit, work, grantless=grantless)
            router.add_api_route(path, endpoint, methods=[method], response_model=None)
        return router

    async def list_destinations(self, _request: Request) -> dict[str, object]:
        return {"payload": [*self._destinations.values()]}

    async def create_destination(self, request: Request) -> dict[str, object]:
        body = await _json(request)
        resource = body.get("resourceSpecification")
        sqs = resource.get("sqs") if isinstance(resource, dict) else None
        arn = sqs.get("arn") if isinstance(sqs, dict) else None
        if not isinstance(body.get("name"), str) or not isinstance(arn, str) or not _ARN.fullmatch(arn):
            raise invalid_input("A destination has a name and resourceSpecification.sqs.arn.")
        if any(each["resource"] == {"sqs": {"arn": arn}} for each in self._destinations.values()):
            raise RefusedError(HTTPStatus.CONFLICT, "Conflict", "The destination exists already.")
        made: dict[str, object] = {"name": body["name"], "destinationId": str(uuid.uuid4())}
        made["resource"] = {"sqs": {"arn": arn}}
        self._destinations[str(made["destinationId"])] = made
        return {"payload": made}

    async def show(self, request: Request) -> dict[str, object]:
        version = Query(request.scope["query_string"]).one("payloadVersion") or "1.0"
        found = self._subscriptions.get((request.path_params["kind"], version))
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "NotFound", "The seller has no such subscription.")
        return {"payload": found}

    async def create(self, request: Request) -> dict[str, object]:
        body = await _json(request)
        version, destination = body.get("payloadVersion"), body.get("destinationId")
        if not isinstance(version, str) or destination not in self._destinations:
            raise invalid_input("A subscription has a payloadVersion and the destinationId of a destination.")
        key = (request.path_params["kind"], version)
        if key in self._subscriptions:
            raise RefusedError(HTTPStatus.CONFLICT, "Conflict", "The subscription exists already.")
        self._subscriptions[key] = {
            "subscriptionId": str(uuid.uuid4()),
            "payloadVersion": version,
            "destinationId": destination,
        }
        return {"payload": self._subscriptions[key]}


async def _json(request: Request) -> dict[str, object]:
    try:
        body = await request.json()
    except ValueError as error:
        raise invalid_input("The body is no JSON.") from error
    if not isinstance(body, dict):
        raise invalid_input("The body is no JSON object.")
    return body
