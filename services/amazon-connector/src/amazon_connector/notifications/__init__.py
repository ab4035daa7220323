"""Amazon's notifications: its words, and the queue through which they come."""
