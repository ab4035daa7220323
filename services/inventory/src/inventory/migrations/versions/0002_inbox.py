"""Remembers which requests for a sync were answered."""

from runtime.tables import create_inbox

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_inbox()


def downgrade() -> None:
    raise NotImplementedError("what was answered is never forgotten")
