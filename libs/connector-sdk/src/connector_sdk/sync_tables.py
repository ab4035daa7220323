"""The table of what was asked to be brought in step. A migration of each connector creates it."""

from alembic import op

_SYNCS = """
create table syncs (
    scope text not null check (scope in ('stock', 'prices', 'listings', 'orders')),
    sku text not null default '',
    begun_at timestamptz not null,
    primary key (scope, sku)
)
"""


def add_syncs() -> None:
    """For use in a migration."""
    op.execute(_SYNCS)
    op.execute("comment on column syncs.sku is 'empty: all of them'")
