"""Settings of a stack for demonstration: its sandboxes have no rate limits, and nobody waits minutes for an order."""

BRISK = {
    "AMAZON_ORDER_POLL_SECONDS": "1",
    "NOON_ORDER_POLL_SECONDS": "1",
    "NOON_ORDER_VISIBILITY_SECONDS": "3",
    "AMAZON_PUSH_RATE": "200",
    "AMAZON_PUSH_BURST": "200",
    "NOON_PUSH_RATE": "200",
    "NOON_PUSH_BURST": "200",
    "AMAZON_LIVE_CEILING_SECONDS": "3",
    "NOON_LIVE_CEILING_SECONDS": "2",
    "READ_BACK_SECONDS": "1",
    "AMAZON_READ_RATE": "50",
    "CONVERGE_AFTER_SECONDS": "3",
    "REBALANCE_WINDOW_SECONDS": "0.2",
    "STOREFRONT_LAG_SECONDS": "0.5",
    "STOREFRONT_MARGIN_SECONDS": "0.5",
    "FIRST_READING_SECONDS": "3",
    "AMAZON_SETTLE_SECONDS": "8",
    "NOON_SETTLE_SECONDS": "8",
    "NOON_RESTOCKS_ON_CANCEL": "false",
}
