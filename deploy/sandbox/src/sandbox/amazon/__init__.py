"""A stand-in for the parts of Amazon's Selling Partner API that set quantities and read orders, for Egypt."""
