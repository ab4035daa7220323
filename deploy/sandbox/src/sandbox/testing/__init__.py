"""What tests of the stand-ins share."""
