"""How a marketplace plugs in: loops and policies (pusher, order reader, rate limits), never an API."""
