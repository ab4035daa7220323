"""Kafka, Postgres and every service on this machine: in Docker, or as supervised local processes."""
