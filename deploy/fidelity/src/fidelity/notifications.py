"""The notifications that the sandbox sends: of an order in every state."""

from sandbox.amazon.notifications import order_change
from sandbox.clock import system_clock
from sandbox.store import Order, Status, Store

from fidelity.documents import Document

_SCHEMA = "OrderChangeNotification.json"


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
