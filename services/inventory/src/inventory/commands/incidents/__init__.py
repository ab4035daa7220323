"""`mizan incidents`."""
