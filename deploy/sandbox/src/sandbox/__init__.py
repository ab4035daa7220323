"""Stateful HTTP stand-ins of Amazon's and Noon's APIs."""
