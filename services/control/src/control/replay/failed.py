"""`mizan replay channel.stock.target --failed`: each connector asks for its failed listings to be told again."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from control.addresses import Address, addresses
from control.running import WrongUseError, required

_TIMEOUT_SECONDS = 30.0


async def ask_connectors(environment: Mapping[str, str], sku: str | None, *, dry_run: bool) -> list[dict[str, Any]]:
    """`{channel, requested: [sku]}` of each connector, or `{service, error}` where it did not work.

    With `dry_run` `{channel, failed: [{sku, state, last_error, ...}]}`, and nothing is requested.

    Raises:
        WrongUseError: API_KEY is missing, or an address is none.
    """
    key = required(environment, "API_KEY")
    async with httpx.AsyncClient(headers={"X-API-Key": key}, timeout=_TIMEOUT_SECONDS) as client:
        return [await _ask(client, connector, sku, dry_run=dry_run) for connector in _connectors(environment)]


def _connectors(environment: Mapping[str, str]) -> Sequence[Address]:
    try:
        return [each for each in addresses(environment) if each.service.endswith("-connector")]
    except ValueError as error:
        raise WrongUseError(str(error)) from None


async def _ask(client: httpx.AsyncClient, connector: Address, sku: str | None, *, dry_run: bool) -> dict[str, Any]:
    only = {} if sku is None else {"sku": sku}
    try:
        if dry_run:
            answer = await client.get(f"{connector.url}/v1/failed", params=only)
        else:
            answer = await client.post(f"{connector.url}/v1/sync", json={"failed": True} | only)
    except httpx.HTTPError as error:
        told = f"no answer from {connector.url} ({connector.variable}): {str(error) or type(error).__name__}"
        return {"service": connector.service, "error": told}
    if answer.is_error:
        return {"service": connector.service, "error": f"{connector.url} answers {answer.status_code}: {answer.text}"}
    return dict(answer.json())


def lines(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The answers for people."""
    told = []
    for answer in answers:
        if "error" in answer:
            told.append(f"{answer['service']}: {answer['error']}")
        elif "failed" in answer:
            told.append(f"{answer['channel']}: {len(answer['failed'])} failed")
            told += [f"  {f['sku']} revision {f['revision']} {f['state']}: {f['last_error']}" for f in answer["failed"]]
        else:
            told.append(f"{answer['channel']}: asked for {len(answer['requested'])} listings to be told again")
    return told
