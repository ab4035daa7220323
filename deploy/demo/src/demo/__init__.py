"""A day of sales through the whole system, and the proof that nothing was lost."""
