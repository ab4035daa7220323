"""Applies stock targets to Noon and reads its orders."""
