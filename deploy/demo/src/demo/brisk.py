"""Settings of a stack for demonstration: its sandboxes have no rate limits, and nobody waits minutes for an order."""

STOREFRONT_LAG_SECONDS = 0.5
"""Within this the demo's storefront sells by a new target."""

BRISK = {
    "AMAZON_ORDER_POLL_SECONDS": "0.5",
    "NOON_ORDER_POLL_SECONDS": "0.5",
    "NOON_ORDER_VISIBILITY_SECONDS": "3",
    "AMAZON_PUSH_RATE": "200",
    "AMAZON_PUSH_BURST": "200",
    "NOON_PUSH_RATE": "200",
    "NOON_PUSH_BURST": "200",
    "AMAZON_LIVE_CEILING_SECONDS": "3",
    "NOON_LIVE_CEILING_SECONDS": "2",
    "READ_BACK_SECONDS": "0.5",
    "AMAZON_READ_RATE": "200",
    "AMAZON_SEARCH_RATE": "50",
    "CONVERGE_AFTER_SECONDS": "3",
    "REBALANCE_WINDOW_SECONDS": "0.2",
    "STOREFRONT_LAG_SECONDS": str(STOREFRONT_LAG_SECONDS),
    "STOREFRONT_MARGIN_SECONDS": "0.5",
    "RESERVATION_GRACE_SECONDS": "10",
    "FIRST_READING_SECONDS": "10",
    "AMAZON_SETTLE_SECONDS": "8",
    "NOON_SETTLE_SECONDS": "8",
    "PUT_BACK_SECONDS": "2",
    "PACE_SECONDS": "5",
    "NOON_RESTOCKS_ON_CANCEL": "false",
}
"""They hold on the worst day of `bad_weather`: orders are seen within 3 s, quantities within 2."""

CALM = BRISK | {
    "NOON_ORDER_VISIBILITY_SECONDS": "0.5",
    "AMAZON_LIVE_CEILING_SECONDS": "1",
    "NOON_LIVE_CEILING_SECONDS": "0.5",
    "AMAZON_SETTLE_SECONDS": "4",
    "NOON_SETTLE_SECONDS": "4",
}
"""For sandboxes that show every order and every quantity at once."""
