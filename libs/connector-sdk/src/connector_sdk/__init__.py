"""How a marketplace plugs in: pusher, order reader, rate limits."""
