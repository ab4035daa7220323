"""Sending rows of the outbox with a producer that can be thrown away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from runtime.logs import get_logger
from runtime.outbox import kafka_headers

SEND_SECONDS = 20.0
"""How long Kafka may take for one batch. An idempotent producer would go on trying for ever, however stuck it is."""
_DROP_SECONDS = 2.0

_log = get_logger(__name__)


@contextlib.asynccontextmanager
async def throwaway_producer(bootstrap_servers: str, client_id: str) -> AsyncIterator[Any]:
    """A producer that repeats and reorders nothing by itself. At the end what it has not sent yet is dropped.

    Raises:
        KafkaError, TimeoutError: Kafka does not answer.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=256 * 1024,
        request_timeout_ms=10_000,
    )
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await producer.start()
        yield producer
    finally:
        await _drop(producer)


async def send_rows(producer: Any, prefix: str, rows: Sequence[Any]) -> list[object]:  # noqa: ANN401 - aiokafka is untyped
    """What became of each row, in order: Kafka's answer, or the exception that kept it from being known.

    Behind a row that is refused (too big, its topic is gone) no row of its slot is sent; other slots go on.
    """
    futures: list[asyncio.Future[Any]] = []
    refused: dict[int, KafkaError] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SEND_SECONDS):
            for row in rows:
                futures.append(await _offer(producer, prefix, row, refused))  # noqa: PERF401 - kept when time is up
            await asyncio.wait(futures)
    return [*map(_outcome, futures), *[_late()] * (len(rows) - len(futures))]


async def _offer(
    producer: Any,  # noqa: ANN401
    prefix: str,
    row: Any,  # noqa: ANN401
    refused: dict[int, KafkaError],
) -> asyncio.Future[Any]:
    if (error := refused.get(row["slot"])) is None:
        try:
            future: asyncio.Future[Any] = await producer.send(
                prefix + row["topic"],
                row["value"],
                key=row["key"],
                partition=row["partition"],
                headers=kafka_headers(row["headers"]),
            )
        except KafkaError as refusal:
            error = refused[row["slot"]] = refusal
            _log.warning("row refused", id=row["id"], topic=row["topic"], error=str(refusal))
        else:
            future.add_done_callback(_heed)
            return future
    future = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future


def _heed(future: asyncio.Future[Any]) -> None:
    """A batch that was broken off asks no more for its results; asyncio would complain of each."""
    if not future.cancelled():
        future.exception()


def _outcome(future: asyncio.Future[Any]) -> object:
    if not future.done():
        return _late()
    return future.exception() or future.result()


def _late() -> TimeoutError:
    return TimeoutError(f"Kafka did not take a batch within {SEND_SECONDS:.0f} s")


async def _drop(producer: Any) -> None:  # noqa: ANN401
    """Close at once. The producer's own `stop` would first send what it holds, for as long as the broker is stuck.

    What a relay holds may belong to another one by then. aiokafka has no public way to say so.
    """
    sender = producer._sender.sender_task  # noqa: SLF001 - see above
    try:
        if sender is not None:
            sender.cancel()
            await producer.client.close()  # fails the requests that the sender waits for
            await asyncio.wait([sender], timeout=_DROP_SECONDS)
    finally:  # also when we are cancelled meanwhile
        if sender is not None:
            sender.cancel()  # it may wait for metadata that nobody fetches any more
            _fail_unsent(producer._message_accumulator)  # noqa: SLF001 - see above
        await producer.stop()


def _fail_unsent(accumulator: Any) -> None:  # noqa: ANN401
    """Give up what is not sent. A batch has a future of its own that nobody waits for: asyncio would complain of it."""
    accumulator.fail_all(ProducerClosed())
    unsent = [batch for queue in accumulator._batches.values() for batch in queue]  # noqa: SLF001 - see `_drop`
    for batch in (*unsent, *accumulator._pending_batches):  # noqa: SLF001
        _heed(batch._drain_waiter)  # noqa: SLF001
