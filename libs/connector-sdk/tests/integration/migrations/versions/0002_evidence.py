from connector_sdk.tables import add_evidence

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    add_evidence()
