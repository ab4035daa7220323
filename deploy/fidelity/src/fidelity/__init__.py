"""Whether the Amazon connector and its sandbox keep to Amazon's own API models."""
