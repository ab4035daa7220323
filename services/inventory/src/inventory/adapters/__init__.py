"""All SQL of the service, one module a table, and the in-memory ledger for tests."""
