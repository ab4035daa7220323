"""Which listings the last report of all listings shows."""

from connector_sdk.reports.report_tables import add_reports

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_reports()
