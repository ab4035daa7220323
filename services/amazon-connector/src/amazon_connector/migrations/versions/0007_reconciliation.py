"""Which listings may be written, what was sold, and what was found to differ."""

from connector_sdk.reconciliation_tables import add_reconciliation

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    add_reconciliation()
