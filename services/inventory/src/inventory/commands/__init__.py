"""What the inventory contributes to `mizan`: each command speaks to the inventory's HTTP API."""
