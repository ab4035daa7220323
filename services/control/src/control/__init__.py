"""The operators' desk: readiness of the whole system and the command line."""
