"""The storefront's warehouse: it ships marketplace orders once they are imported, and hears of each parcel's fate."""

import dataclasses as dc
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from contracts import AnyEvent, AppliedStatus, OrderImported, Package, PackageLine, ShipmentApplied

from demo.buyers import Bought
from demo.storefront import Storefront

CONFIRMING = ("amazon",)
"""The marketplaces that can be told of parcels; of the others' each is answered `unsupported`."""
_CARRIERS = (("Aramex", None), ("Other", "Bosta"))

OrderKey = tuple[str, str]
"""(channel, the marketplace's number of the order)."""


@dc.dataclass(slots=True)
class Parcel:
    """All units of one order. `told`: by the id of the event what was told of it, each once and in order."""

    channel: str
    order_id: str
    quantity: int
    told: dict[str, AppliedStatus] = dc.field(default_factory=dict)

    @property
    def fate(self) -> AppliedStatus | None:
        """What is known of it; None while nothing is."""
        fates = [status for status in self.told.values() if status is not AppliedStatus.UNKNOWN]
        return fates[-1] if fates else None


class Warehouse:
    """Ships an order that is to be shipped as soon as it is imported: only then the numbers of its lines are known."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._imported: dict[OrderKey, OrderImported] = {}
        self._seen = 0
        self._waiting: dict[OrderKey, Bought] = {}
        self._parcels: dict[OrderKey, Parcel] = {}

    @property
    def parcels(self) -> Sequence[Parcel]:
        """Those that have left."""
        return tuple(self._parcels.values())

    def note(self, event: AnyEvent) -> None:
        """Hear of orders and of parcels; other parcels than its own are none of its business."""
        data = event.data
        if isinstance(data, OrderImported):
            self._imported.setdefault((data.source, data.external_order_id), data)
        elif isinstance(data, ShipmentApplied) and (data.channel, data.external_order_id) in self._parcels:
            self._parcels[data.channel, data.external_order_id].told.setdefault(event.id, data.status)

    async def ship(self, bought: Sequence[Bought], storefront: Storefront) -> bool:
        """Send what is due of all that was bought so far; tells whether that is all of it."""
        self._waiting |= {(order.channel, order.order_id): order for order in bought[self._seen :] if order.ships}
        self._seen = len(bought)
        for key in self._waiting.keys() & self._imported.keys():
            order = self._waiting.pop(key)
            self._parcels[key] = Parcel(order.channel, order.order_id, order.quantity)
            await storefront.ship(order.channel, order.order_id, self._package(self._imported[key]))
        return not self._waiting

    def unfinished(self) -> str:
        """What is still to come, in a few words; empty when nothing is."""
        if self._waiting:
            return f"{len(self._waiting)} orders that are to be shipped are not imported"
        unanswered = sum(parcel.fate is None for parcel in self._parcels.values())
        return f"{unanswered} parcels have no answer" if unanswered else ""

    def _package(self, order: OrderImported) -> Package:
        code, name = _CARRIERS[len(self._parcels) % len(_CARRIERS)]
        return Package(
            package_id=f"{self._run_id}-{order.external_order_id}",
            carrier_code=code,
            carrier_name=name,
            tracking_number=f"T-{len(self._parcels):04}",
            shipped_at=dt.datetime.now(dt.UTC),
            lines=tuple(
                PackageLine(external_line_id=line.line_reference, quantity=line.quantity) for line in order.lines
            ),
        )


def fates(parcels: Iterable[Parcel]) -> dict[str, int]:
    """How many were confirmed, can't be, or failed (an answer that never came is one of those)."""
    found = Counter(parcel.fate for parcel in parcels)
    confirmed, unsupported = found[AppliedStatus.ACCEPTED], found[AppliedStatus.UNSUPPORTED]
    return {"confirmed": confirmed, "unsupported": unsupported, "failed": found.total() - confirmed - unsupported}


def parcels_astray(
    parcels: Iterable[Parcel], shipped: Mapping[OrderKey, int], statuses: Mapping[OrderKey, str]
) -> list[str]:
    """A sentence for each parcel that was not confirmed exactly once, or that marketplace or importer know nothing of.

    `shipped`: by order how many units have left, as its marketplace has it; `statuses`: what the importer calls it.
    """
    found = ((parcel, _difference(parcel, shipped, statuses)) for parcel in parcels)
    return [f"parcel of {parcel.channel} order {parcel.order_id}: {wrong}" for parcel, wrong in found if wrong]


def _difference(parcel: Parcel, shipped: Mapping[OrderKey, int], statuses: Mapping[OrderKey, str]) -> str:
    key, is_confirmed = (parcel.channel, parcel.order_id), parcel.channel in CONFIRMING
    told = [status.value for status in parcel.told.values() if status is not AppliedStatus.UNKNOWN]
    should = [AppliedStatus.ACCEPTED.value if is_confirmed else AppliedStatus.UNSUPPORTED.value]
    units = parcel.quantity if is_confirmed else 0
    if told != should:
        return f"was told as {told}, it should be {should}"
    if shipped.get(key) != units:
        return f"the marketplace has {shipped.get(key)} units as shipped, it should be {units}"
    if is_confirmed and statuses.get(key) != "shipped":
        return f"the order was imported as {statuses.get(key)}"
    return ""
