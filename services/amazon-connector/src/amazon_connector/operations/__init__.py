"""What Amazon can be asked besides quantities, prices and orders: an operation a module."""
