"""The document of a report of all listings: lines and tabs, without quoting, as Amazon writes it."""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sandbox.amazon.feed_documents import FeedDocument, FeedDocuments
from sandbox.clock import iso
from sandbox.fault_settings import FaultSettings
from sandbox.listing import Listing

COLUMNS = (
    *("item-name", "item-description", "listing-id", "seller-sku", "price", "quantity", "open-date", "image-url"),
    *("item-is-marketplace", "product-id-type", "zshop-shipping-fee", "item-note", "item-condition"),
    *("zshop-category1", "zshop-browse-path", "zshop-storefront-feature", "asin1", "asin2", "asin3"),
    *("will-ship-internationally", "expedited-shipping", "zshop-boldface", "product-id"),
    *("bid-for-featured-placement", "add-delete", "pending-quantity", "fulfillment-channel"),
    *("merchant-shipping-group", "status"),
)
_DROPPED = "status"


@dataclass(frozen=True, slots=True)
class Content:
    """What is fetched, and how it is described."""

    content: bytes
    content_type: str
    is_compressed: bool

    def kept_in(self, documents: FeedDocuments) -> FeedDocument:
        return documents.offer(self.content, self.content_type, is_compressed=self.is_compressed)


def all_listings(listings: Iterable[Listing], settings: FaultSettings) -> Content:
    """A row for each listing, with what the faults ask for."""
    fault = settings.report_fault
    columns = [name for name in COLUMNS if fault != "missing_column" or name != _DROPPED]
    shown = islice(listings, settings.report_rows)
    rows = [_row(listing, columns, is_stale=settings.report_stale) for listing in shown]
    encoding = "cp1252" if fault == "cp1252" else "utf-8"
    text = "\r\n".join(["\t".join(columns), *rows, ""]).encode(encoding, errors="replace")
    packed = text if fault in ("plain", "no_gzip") else gzip.compress(text, 1)
    if fault == "cut":
        packed = packed[: len(packed) // 2]
    return Content(packed, f"text/plain; charset={encoding}", is_compressed=fault != "plain")


def _row(listing: Listing, columns: Sequence[str], *, is_stale: bool) -> str:
    """A listing that Amazon ships has no quantity here."""
    is_amazons = listing.fulfilled_by_marketplace
    quantity = listing.quantity_before if is_stale else listing.quantity
    told = {
        "item-name": listing.title,
        "seller-sku": listing.external_sku,
        "price": str(listing.price),
        "quantity": "" if is_amazons else str(quantity),
        "open-date": iso(listing.created_at),
        "fulfillment-channel": "AMAZON_EU" if is_amazons else "DEFAULT",
        "status": "Active" if quantity else "Inactive",
    }
    return "\t".join(told.get(name, "") for name in columns)
