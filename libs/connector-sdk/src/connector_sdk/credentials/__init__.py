"""What a marketplace knows the account by: from the environment, or sent to us and kept encrypted."""
