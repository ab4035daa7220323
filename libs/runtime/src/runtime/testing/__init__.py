"""What tests of services use: a chosen time, work without a database, deliveries without Kafka."""
