"""What tests of the connector share."""
