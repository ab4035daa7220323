"""What a marketplace tells of its own accord: taken from a queue, fetched, and compared with what searches find."""
