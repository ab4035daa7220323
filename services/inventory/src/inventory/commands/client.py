"""The inventory's HTTP API, as its commands use it."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx

USUAL_URL = "http://127.0.0.1:8001"
_TIMEOUT_SECONDS = 60.0
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_NOT_NOW = frozenset({429, 502, 503, 504})


class WrongUseError(Exception):
    """The command was called in a way that can't work; the message says what to do."""


class RefusedError(Exception):
    """The inventory did not answer, or not with what was asked for; the message says why."""


class _AwayError(Exception):
    """It may answer at the next try."""


class Inventory:
    """Calls are repeated while the inventory is away or busy, so they must be safe to repeat."""

    def __init__(self, environment: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep) -> None:
        """Reads INVENTORY_URL and API_KEY.

        Raises:
            WrongUseError: one of them is missing or wrong.
        """
        url = environment.get("INVENTORY_URL", "").strip() or USUAL_URL
        key = environment.get("API_KEY", "").strip()
        if not key:
            raise WrongUseError("set API_KEY to a key that the inventory knows")
        if not url.startswith(("http://", "https://")):
            raise WrongUseError(f"INVENTORY_URL must be an http:// or https:// address, such as {USUAL_URL}")
        self._url = url.rstrip("/")
        self._pause = pause
        self._http = httpx.Client(base_url=self._url, headers={"X-API-Key": key}, timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - any JSON, any option of httpx
        """The JSON of the answer.

        Raises:
            RefusedError: an answer that is no success, or none after several tries.
        """
        pauses = iter(_PAUSES)
        while True:
            try:
                return self._ask(method, path, options)
            except _AwayError as error:
                pause = next(pauses, None)
                if pause is None:
                    raise RefusedError(str(error)) from None
                self._pause(pause)

    def _ask(self, method: str, path: str, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise _AwayError(f"no answer from {self._url} (INVENTORY_URL): {type(error).__name__}: {error}") from None
        if answer.is_success:
            return answer.json()
        kind = _AwayError if answer.status_code in _NOT_NOW else RefusedError
        raise kind(_problem(answer))

    def pages(
        self, path: str, parameters: Mapping[str, Any], *, after: Callable[[dict[str, Any]], str]
    ) -> Iterator[dict[str, Any]]:
        """Every entry of a list that comes page by page; `after` says where the page behind an entry begins."""
        place: dict[str, Any] = {}
        while page := self.call("GET", path, params={**parameters, **place}):
            yield from page
            place = {"after": after(page[-1])}


def _problem(answer: httpx.Response) -> str:
    """What the inventory says of its refusal, in one line."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return f"the inventory refused it ({answer.status_code}): {answer.json()['detail']}"
    return f"the inventory answered {answer.status_code}"
