"""The notifications that the sandbox sends, of an order in every state; and subscribing to them."""

import contextlib
from collections.abc import Awaitable, Callable

from amazon_connector.notifications.subscribe import VERSIONS, SubscribeError, Subscriber
from sandbox.amazon.notifications import order_change
from sandbox.clock import system_clock
from sandbox.store import Order, Status, Store

from fidelity.documents import Document

_SCHEMA = "OrderChangeNotification.json"
_QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
_ROUNDS = 4
"""Enough for both of the sandbox's errors to come up for each operation."""

Operation = Callable[[Subscriber, str], Awaitable[object]]


def order_changes() -> list[Document]:
    """One for each change of an order, as it is sent to the queue."""
    told: list[Document] = []
    store = Store(system_clock, lambda number: f"402-{number:07d}-{number:07d}", restocks_on_cancel=True)

    def tell(order: Order) -> None:
        told.append(Document(_SCHEMA, order_change(order, "A1FIDELITY", store.now())))

    store.on_order = tell
    store.put_listing("a/b#c", 100)
    for status in (Status.PENDING, Status.UNSHIPPED, Status.SHIPPED, Status.CANCELLED):
        store.place("a/b#c", 2, status)
    both = store.place("a/b#c", 3).external_order_id
    store.cancel(both, 1)
    store.ship(both, 1)
    store.ship(both)
    return told


def _operations() -> list[Operation]:
    """Each of them once; what is made has a name that nothing had before."""
    return [
        lambda amazon, _name: amazon.destinations(),
        lambda amazon, name: amazon.create_destination(f"{_QUEUE}-{name}"),
        lambda amazon, _name: amazon.destination_of(*next(iter(VERSIONS.items()))),
        lambda amazon, name: amazon.create_subscription("ORDER_CHANGE", name, "no-such-destination"),
    ]


async def subscribe(subscriber: Callable[[], Subscriber], set_faults: Callable[..., Awaitable[None]]) -> None:
    """For the first time, once more, and each operation under each fault, with tokens in force."""
    for _ in range(2):
        await subscriber().subscribe(_QUEUE)
    foul: list[dict[str, float]] = [
        {"throttle_rate": 1},
        {"unauthorised": True},
        *({"error_rate": 1.0} for _ in range(_ROUNDS)),
        {},
        {},
    ]
    for number, faults in enumerate(foul):
        for operation in _operations():
            await set_faults()
            amazon = subscriber()
            await amazon.subscribe(_QUEUE)
            await set_faults(**faults)
            with contextlib.suppress(SubscribeError):
                await operation(amazon, str(number))
    await set_faults()
