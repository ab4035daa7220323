"""Sending a range of a topic's records again, into the same topic."""
