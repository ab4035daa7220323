"""JSON_LISTINGS_FEED of the Feeds API 2021-06-30: many quantities at once."""
