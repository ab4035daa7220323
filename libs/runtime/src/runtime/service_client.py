"""A service's HTTP API, as commands use it: one line for each thing that can go wrong."""

import contextlib
import dataclasses as dc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

_TIMEOUT_SECONDS = 60.0
_NOT_NOW = frozenset({429, 502, 503, 504})
_USUAL_CONNECTORS = {"amazon": "http://127.0.0.1:8002", "noon": "http://127.0.0.1:8003"}


class WrongUseError(Exception):
    """The command was called in a way that can't work; the message says what to do."""


class RefusedError(Exception):
    """The service did not answer, or not with what was asked for; the message says why.

    `status`: of its answer, None where there was none.
    """

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


@dc.dataclass(frozen=True, slots=True)
class Service:
    """`variable` holds its address; without it the service is taken to be at `usual_url`."""

    name: str
    variable: str
    usual_url: str = ""


def connector(channel: str) -> Service:
    variable = f"{channel.upper().replace('-', '_')}_CONNECTOR_URL"
    return Service(f"connector of {channel!r}", variable, _USUAL_CONNECTORS.get(channel, ""))


class ServiceClient:
    """Calls are repeated after each of `pauses` (seconds) while the service is away or busy."""

    def __init__(
        self,
        service: Service,
        environment: Mapping[str, str],
        *,
        pauses: Sequence[float] = (),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Reads the service's variable and API_KEY. With `pauses`, calls must be safe to repeat.

        Raises:
            WrongUseError: one of them is missing or wrong.
        """
        url = environment.get(service.variable, "").strip() or service.usual_url
        key = environment.get("API_KEY", "").strip()
        if not url.startswith(("http://", "https://")):
            wanted = f"the http:// or https:// address of the {service.name}"
            raise WrongUseError(f"set {service.variable} to {wanted}")
        if not key:
            raise WrongUseError(f"set API_KEY to a key that the {service.name} knows")
        self._service = service
        self._url = url.rstrip("/")
        self._pauses, self._pause = tuple(pauses), pause
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
        for pause in self._pauses:
            try:
                return self._ask(method, path, options)
            except RefusedError as error:
                if error.status is not None and error.status not in _NOT_NOW:
                    raise
            self._pause(pause)
        return self._ask(method, path, options)

    def _ask(self, method: str, path: str, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        where = f"{self._url} ({self._service.variable})"
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise RefusedError(f"no answer from {where}: {type(error).__name__}: {error}") from None
        if not answer.is_success:
            raise RefusedError(self._problem(answer), answer.status_code)
        try:
            return answer.json()
        except ValueError:
            raise RefusedError(
                f"{where} is not the {self._service.name}: it sent no JSON", answer.status_code
            ) from None

    def _problem(self, answer: httpx.Response) -> str:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return f"the {self._service.name} refused it ({answer.status_code}): {answer.json()['detail']}"
        return f"the {self._service.name} answered {answer.status_code}"
