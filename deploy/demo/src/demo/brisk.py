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
}
