"""`mizan listings`."""
