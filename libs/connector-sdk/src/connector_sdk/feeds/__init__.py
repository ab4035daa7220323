"""Bulk writes: many raises in one feed, whose fate the marketplace tells later."""
