"""The stock ledger and the allocation of stock to channels."""
