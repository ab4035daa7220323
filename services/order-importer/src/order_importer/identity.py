"""Ids that follow from what they name, so that a replay finds the same ones again."""

import json
import uuid

_NAMESPACE = uuid.UUID("6f1f4e0e-5a86-5f0e-9d0c-3a0a7c1c2b54")
"""Never change it: every id given so far depends on it."""


def stable_id(*names: str) -> str:
    """A UUID (version 5) of the names in their order; JSON keeps ("a:b", "c") and ("a", "b:c") apart."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps(names)))


def order_id_of(channel: str, external_order_id: str) -> str:
    """The internal order's id."""
    return stable_id(channel, external_order_id)
