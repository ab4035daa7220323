"""The work behind `mizan dlq`: letters from Kafka, what was done about them from control."""

import contextlib
import dataclasses as dc
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer
from contracts import BY_NAME, OrdersWatermark
from contracts import dead_letter as header
from contracts.replayed import original_offset

from control.addresses import addresses
from control.dead_letters.letters import Letter, Place, Wanted, read_letters, without
from control.kafka_reading import Cluster
from control.running import ProblemError, WrongUseError, required

_CHUNK = 100
_TIMEOUT_SECONDS = 20.0
_KEPT = {
    header.GROUP,
    header.ATTEMPTS,
    header.FIRST_FAILURE,
    # By these a service knows which hold on a channel's watermark the letter lets go.
    header.ORIGINAL_TOPIC,
    header.ORIGINAL_PARTITION,
    header.ORIGINAL_OFFSET,
}
"""What a retried record still says of its failures, so that this group counts on if it fails again."""


@dc.dataclass(frozen=True, slots=True)
class Desk:
    """Opened by `open_desk`."""

    cluster: Cluster
    control: httpx.AsyncClient
    urls: Mapping[str, str]
    """Where each service answers, by name."""

    async def open_letters(self, wanted: Wanted) -> list[Letter]:
        """The letters that fit and are not resolved."""
        letters = await read_letters(self.cluster, wanted)
        return without(letters, await self.resolved(wanted))

    async def resolved(self, wanted: Wanted) -> dict[Place, str]:
        """What was done about the letters of the topics wanted: `retried` or `discarded`."""
        answer = await self.control.get("/v1/dead-letters/resolved", params={"topic": list(wanted.sources())})
        return {(each["topic"], each["partition"], each["offset"]): each["action"] for each in _checked(answer)}

    async def retry(self, letters: Sequence[Letter]) -> None:
        """Send the original records again, in their order, to the topic that they came from.

        The other groups of that topic see them too. That is safe, since every consumer recognises what it has handled
        (promise 2), and it needs no second way into a service. A letter is sent first and remembered as retried then:
        whoever is interrupted in between sends it once more, and nothing is lost.
        """
        async with _producer(self.cluster) as producer:
            for start in range(0, len(letters), _CHUNK):
                chunk = letters[start : start + _CHUNK]
                for letter in chunk:
                    await _send(producer, self.cluster.prefix, letter)
                await producer.flush()
                await self._resolve("retried", chunk)

    async def discard(self, letters: Sequence[Letter]) -> None:
        """Remember that nobody needs these letters. They stay in their topic.

        What they hold is let go first, at the service that could not use them: whoever is interrupted in between gives
        the same command again.
        """
        for start in range(0, len(letters), _CHUNK):
            chunk = letters[start : start + _CHUNK]
            await self._let_go(chunk)
            await self._resolve("discarded", chunk)

    async def _let_go(self, letters: Sequence[Letter]) -> None:
        """Only who reads watermarks holds them."""
        by_group: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for letter in letters:
            origin = _origin(letter)
            if origin is not None and OrdersWatermark in BY_NAME[letter.topic].payloads:
                by_group[letter.group].append(origin)
        for group, origins in by_group.items():
            try:
                answer = await self.control.post(
                    f"{self.urls[group]}/v1/watermark-holds/release", json={"letters": origins}
                )
            except httpx.TransportError as error:
                raise ProblemError(
                    f"{group} must let go what the letters hold, and does not answer at {self.urls[group]} "
                    f"({type(error).__name__}): start it, or correct its URL, and give the same command again"
                ) from None
            _checked(answer, group)

    async def _resolve(self, action: str, letters: Sequence[Letter]) -> None:
        places = [dict(zip(("topic", "partition", "offset"), letter.place, strict=True)) for letter in letters]
        _checked(await self.control.post("/v1/dead-letters/resolved", json={"action": action, "letters": places}))


@contextlib.asynccontextmanager
async def open_desk(environment: Mapping[str, str]) -> AsyncIterator[Desk]:
    """Kafka and control, where the environment says that they are.

    Raises:
        WrongUseError: KAFKA_BOOTSTRAP_SERVERS or API_KEY is missing, or CONTROL_URL is no address.
    """
    cluster = Cluster.named_by(environment)
    key = required(environment, "API_KEY")
    try:
        urls = {each.service: each.url for each in addresses(environment)}
    except ValueError as error:
        raise WrongUseError(str(error)) from None
    async with httpx.AsyncClient(
        base_url=urls["control"], headers={"X-API-Key": key}, timeout=_TIMEOUT_SECONDS
    ) as control:
        yield Desk(cluster, control, urls)


@contextlib.asynccontextmanager
async def _producer(cluster: Cluster) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, acks="all", enable_idempotence=True, request_timeout_ms=10_000
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _send(producer: Any, prefix: str, letter: Letter) -> None:  # noqa: ANN401 - aiokafka is untyped
    kept = {name: said for name, said in letter.headers.items() if name not in header.MEANINGS or name in _KEPT}
    await producer.send(
        prefix + letter.topic,
        letter.value,
        key=letter.key,
        partition=_partition(letter),
        headers=[(name, said.encode()) for name, said in kept.items()],
    )


def _partition(letter: Letter) -> int | None:
    """The one that it came from: so a record without a key goes back there too."""
    told = letter.headers.get(header.ORIGINAL_PARTITION, "")
    number = int(told) if told.isdecimal() else -1
    return number if 0 <= number < BY_NAME[letter.topic].partitions else None


def _origin(letter: Letter) -> dict[str, Any] | None:
    """Where its record was read from, a copy's original; None where the headers do not say."""
    partition, offset = (letter.headers.get(name, "") for name in (header.ORIGINAL_PARTITION, header.ORIGINAL_OFFSET))
    offset = original_offset(letter.headers, offset)
    if not (partition.isdecimal() and offset.isdecimal()):
        return None
    return {"topic": letter.topic, "partition": int(partition), "offset": int(offset)}


def _checked(answer: httpx.Response, service: str = "control") -> Any:  # noqa: ANN401 - JSON
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise ProblemError(f"{service} does not accept the API_KEY: set the one that {service} runs with")
    if answer.is_error:
        raise ProblemError(f"{service} at {answer.request.url} answers {answer.status_code}: {answer.text[:200]}")
    return answer.json()
