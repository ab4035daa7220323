"""The tables of what stands at the marketplace: which listings may be written, what was sold, what differs."""

from alembic import op

_REGISTRY = """
create table registry (
    external_sku text primary key,
    state text not null default 'unchecked' check (state in ('unchecked', 'offered', 'refused')),
    code text,
    reason text,
    attempts int not null default 0,
    checked_at timestamptz,
    next_check_at timestamptz
)
"""
_REGISTRY_COMMENTS = (
    ("state", "only an offered listing is written"),
    ("attempts", "times it was looked up since its state is what it is"),
    ("next_check_at", "null: nothing to look up"),
)
_SOLD_LINES = """
create table sold_lines (
    external_order_id text not null,
    external_line_id text not null,
    external_sku text not null,
    quantity int not null,
    quantity_cancelled int not null,
    placed_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (external_order_id, external_line_id)
)
"""
_RECONCILIATIONS = """
create table reconciliations (
    run bigint generated always as identity primary key,
    started_at timestamptz not null,
    finished_at timestamptz,
    position text not null default '',
    checked int not null default 0,
    verdicts jsonb
)
"""
_RECONCILED = """
create table reconciled (
    sku text primary key,
    external_sku text not null,
    run bigint not null,
    verdict text not null,
    revision bigint not null,
    desired int not null,
    sent int,
    live int,
    observed_at timestamptz not null,
    before_quantity int,
    before_at timestamptz,
    confirm_at timestamptz
)
"""
_RECONCILED_COMMENTS = (
    ("position", "reconciliations", "the last SKU that was compared; a run that was interrupted goes on behind it"),
    ("sent", "reconciled", "null: the newest target was not submitted"),
    ("before_quantity", "reconciled", "what the last reading before this revision showed"),
    ("confirm_at", "reconciled", "when a second reading is due; null: none is"),
)


def add_reconciliation() -> None:
    """For use in a migration: the registry, the lines sold, the reconciliation, and whether the account may sell."""
    op.execute("alter table channel_state add column account_refused text")
    op.execute(_REGISTRY)
    for column, comment in _REGISTRY_COMMENTS:
        op.execute(f"comment on column registry.{column} is '{comment}'")
    op.execute("create index registry_due on registry (next_check_at) where next_check_at is not null")
    op.execute("create index registry_refused on registry (external_sku) where state = 'refused'")
    op.execute(_SOLD_LINES)
    op.execute("create index sold_lines_of_listing on sold_lines (external_sku, placed_at)")
    op.execute(_RECONCILIATIONS)
    op.execute(_RECONCILED)
    for column, table, comment in _RECONCILED_COMMENTS:
        op.execute(f"comment on column {table}.{column} is '{comment}'")
    op.execute("create index reconciled_to_confirm on reconciled (confirm_at) where confirm_at is not null")
