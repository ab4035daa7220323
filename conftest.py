"""Gives every member's tests the fixtures of the local stack."""

pytest_plugins = ["local_stack.testing"]
