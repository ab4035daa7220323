"""The table of fee estimates. A migration creates it."""

from alembic import op

_FEES = """
create table fee_estimates (
    sku text primary key,
    external_sku text not null,
    asked_amount numeric not null,
    asked_currency text not null,
    amount numeric,
    currency text,
    percent numeric,
    fixed numeric,
    total numeric,
    estimated_at timestamptz,
    read_at timestamptz,
    failures int not null default 0,
    next_read_at timestamptz not null,
    last_error text
)
"""
_COMMENTS = (
    ("asked_amount", "the price that was last asked about"),
    ("amount", "the price of the estimate that is kept, which may be older"),
    ("estimated_at", "when the marketplace says that it made the estimate"),
    ("read_at", "when we read it"),
    ("failures", "asked in vain so often in a row"),
)


def add_fees() -> None:
    """For use in a migration: what the marketplace would keep of each sale."""
    op.execute(_FEES)
    for column, comment in _COMMENTS:
        op.execute(f"comment on column fee_estimates.{column} is '{comment}'")
