"""The tables of reports. A migration of each connector creates them, whether its marketplace has any or not."""

from alembic import op

_REPORTS = """
create table listing_reports (
    report bigint generated always as identity primary key,
    requested_at timestamptz not null,
    external_report_id text,
    closed_at timestamptz,
    fate text check (fate in ('done', 'fatal', 'cancelled', 'stuck', 'refused', 'unusable')),
    listings int
)
"""
_REPORTED = """
create table reported_listings (
    report bigint not null references listing_reports (report) on delete cascade,
    external_sku text not null,
    quantity int,
    primary key (report, external_sku)
)
"""
_COMMENTS = (
    ("listing_reports", "external_report_id", "null: it is to be requested, or nobody knows whether it was"),
    ("listing_reports", "listings", "the rows that could be read; null unless it is done"),
    ("reported_listings", "quantity", "as of some time within the last day; null where the report has none"),
)


def add_reports() -> None:
    """For use in a migration: the reports asked for, and which listings of ours the last one shows."""
    op.execute(_REPORTS)
    op.execute("create unique index listing_reports_unfinished on listing_reports ((true)) where closed_at is null")
    op.execute(_REPORTED)
    for table, column, comment in _COMMENTS:
        op.execute(f"comment on column {table}.{column} is '{comment}'")
