"""What connectors' tests share."""
