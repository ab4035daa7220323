"""Kafka, Postgres and every service as local processes, supervised."""
