"""The fields of Amazon's JSON that we read, and no others: so no personal data gets any further."""

from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class IssueWire(_Wire):
    code: str = ""
    message: str = ""
    severity: str = "ERROR"


class PatchAnswer(_Wire):
    """The answer of patchListingsItem (Listings Items 2021-08-01); INVALID comes with HTTP 200."""

    status: str
    submission_id: str | None = None
    issues: tuple[IssueWire, ...] = ()


class AvailabilityWire(_Wire):
    fulfillment_channel_code: str
    quantity: int | None = Field(None, ge=0)


class MoneyWire(_Wire):
    amount: Decimal
    currency_code: str


class OfferWire(_Wire):
    """What a kind of buyer pays. `offerType` is B2C or B2B."""

    marketplace_id: str = ""
    offer_type: str = ""
    price: MoneyWire | None = None


class PurchasableOfferWire(BaseModel):
    """An offer as the seller sent it: attributes are in snake case. It is one of the selector's three fields each."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    marketplace_id: str = ""
    audience: str = "ALL"
    discounted_price: tuple[Any, ...] = ()


class AttributesWire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    purchasable_offer: tuple[PurchasableOfferWire, ...] = ()


class ListingAnswer(_Wire):
    """The answer of getListingsItem. `fulfillmentAvailability` is what is live; the attributes are what was sent."""

    sku: str
    fulfillment_availability: tuple[AvailabilityWire, ...] = ()
    offers: tuple[OfferWire, ...] = ()
    attributes: AttributesWire = AttributesWire()


class ListingPaginationWire(_Wire):
    next_token: str | None = None


class ListingsAnswer(_Wire):
    """The answer of searchListingsItems. Its items are as getListingsItem has them."""

    pagination: ListingPaginationWire | None = None
    items: tuple[ListingAnswer, ...] = ()


class MarketplaceWire(_Wire):
    id: str
    name: str = ""


class ParticipationWire(_Wire):
    is_participating: bool
    has_suspended_listings: bool


class MarketplaceParticipationWire(_Wire):
    marketplace: MarketplaceWire
    participation: ParticipationWire


class ParticipationsAnswer(_Wire):
    """The answer of getMarketplaceParticipations (Sellers v1)."""

    payload: tuple[MarketplaceParticipationWire, ...]


class ErrorAnswer(_Wire):
    errors: tuple[IssueWire, ...] = ()


class PriceWire(_Wire):
    unit_price: MoneyWire | None = None


class ProductWire(_Wire):
    asin: str | None = None
    title: str | None = None
    seller_sku: str | None = None
    price: PriceWire | None = None


class CancellationExecutionWire(_Wire):
    cancelled_by: str | None = None


class CancellationWire(_Wire):
    cancellation_execution: CancellationExecutionWire | None = None


class ItemFulfillmentWire(_Wire):
    quantity_fulfilled: int | None = None
    quantity_unfulfilled: int | None = None


class ItemWire(_Wire):
    order_item_id: str
    quantity_ordered: int = Field(ge=0)
    product: ProductWire
    cancellation: CancellationWire | None = None
    fulfillment: ItemFulfillmentWire | None = None


class WindowWire(_Wire):
    latest_date_time: AwareDatetime | None = None


class FulfillmentWire(_Wire):
    fulfillment_status: str
    fulfilled_by: str | None = None
    fulfillment_service_level: str | None = None
    ship_by_window: WindowWire | None = None


class SalesChannelWire(_Wire):
    channel_name: str | None = None
    marketplace_id: str | None = None


class ProceedsWire(_Wire):
    grand_total: MoneyWire | None = None


class OrderWire(_Wire):
    """An order of the Orders API 2026-01-01. `fulfillment` is there only when it was asked for."""

    order_id: str
    created_time: AwareDatetime
    last_updated_time: AwareDatetime
    programs: tuple[str, ...] = ()
    sales_channel: SalesChannelWire | None = None
    proceeds: ProceedsWire | None = None
    fulfillment: FulfillmentWire | None = None
    order_items: tuple[ItemWire, ...] = Field(min_length=1)


class PaginationWire(_Wire):
    next_token: str | None = None


class SearchAnswer(_Wire):
    """The answer of searchOrders. The orders stay raw, so that one that can't be read does not spoil the rest."""

    orders: tuple[dict[str, Any], ...] = ()
    pagination: PaginationWire | None = None
    created_before: AwareDatetime | None = None


class GetAnswer(_Wire):
    order: dict[str, Any]
