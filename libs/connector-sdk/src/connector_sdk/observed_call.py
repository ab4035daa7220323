"""Counting and timing calls to a marketplace."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from runtime.measurements import Measurements
from runtime.metrics import CALL_SECONDS, CALLS

from connector_sdk.marketplace import LineResult, MarketplaceError, Outcome

PUSH_STOCK = "push_stock"
PUSH_PRICES = "push_prices"
CONFIRM_SHIPMENT = "confirm_shipment"
ESTIMATE_FEES = "estimate_fees"
FETCH_ORDERS = "fetch_orders"
FETCH_ORDER = "fetch_order"
READ_LISTINGS = "read_listings"
SEARCH_LISTINGS = "search_listings"
CHECK_ACCOUNT = "check_account"
DRY_RUN = "dry_run"
REQUEST_REPORT = "request_report"
LOOK_AT_REPORT = "look_at_report"
READ_REPORT = "read_report"


class ObservedCall:
    """Around one call: `accepted` if it ends without an error, else what the error says; or set `outcome`."""

    def __init__(self, operation: str, measurements: Measurements) -> None:
        self._operation = operation
        self._measurements = measurements
        self._started = time.monotonic()
        self.outcome = Outcome.ACCEPTED.value

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, MarketplaceError):
            self.outcome = error.outcome.value
        elif error is not None:
            self.outcome = Outcome.UNKNOWN.value
        self._measurements.observe(CALL_SECONDS, time.monotonic() - self._started, operation=self._operation)
        self._measurements.count(CALLS, operation=self._operation, outcome=self.outcome)


def outcome_of_lines(results: Sequence[LineResult]) -> str:
    """One word for a call of several lines; without any line nothing is known."""
    outcomes = {result.outcome.value for result in results} or {Outcome.UNKNOWN.value}
    return outcomes.pop() if len(outcomes) == 1 else "mixed"
