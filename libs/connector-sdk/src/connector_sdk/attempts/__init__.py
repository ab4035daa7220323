"""Attempts: every write that went out, or may have, with what became of it."""
