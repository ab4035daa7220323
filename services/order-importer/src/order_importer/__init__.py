"""Turns marketplace orders into internal orders and stock changes."""
