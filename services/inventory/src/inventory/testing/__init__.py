"""What tests need to play the inventory."""
