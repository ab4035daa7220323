"""`mizan fees`."""
