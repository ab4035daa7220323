"""What a submission asks of a marketplace, as it is kept of each attempt."""

import dataclasses as dc
import enum

from contracts import Money


class Kind(enum.StrEnum):
    STOCK = "stock"
    PRICE = "price"
    SHIPMENT = "shipment"


@dc.dataclass(frozen=True, slots=True)
class Asked:
    """`key` names the row that it comes from: a SKU, or for a parcel `<order>/<package>`. Nothing here is personal."""

    kind: Kind
    key: str
    revision: int
    external_sku: str | None = None
    external_order_id: str | None = None
    package_id: str | None = None
    quantity: int | None = None
    price: Money | None = None
    correlation_id: str | None = None
