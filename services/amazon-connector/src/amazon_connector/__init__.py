"""Applies stock targets to Amazon Egypt and reads its orders."""
