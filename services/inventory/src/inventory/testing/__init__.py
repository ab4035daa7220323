"""A small outside world that tests let the escrow live in."""
