"""The table of attempts. A migration of each connector creates it."""

from alembic import op

_ATTEMPTS = """
create table attempts (
    id bigint generated always as identity primary key,
    kind text not null check (kind in ('stock', 'price', 'shipment')),
    key text not null,
    revision bigint not null,
    external_sku text,
    external_order_id text,
    package_id text,
    quantity int,
    amount numeric,
    currency text,
    correlation_id text,
    transport text not null check (transport in ('call', 'feed')),
    lease text not null,
    request_id text,
    submission_id text,
    http_status int,
    outcome text not null default 'unknown'
        check (outcome in ('accepted', 'retry', 'unknown', 'rejected', 'unauthorised', 'unsupported')),
    issues jsonb not null default '[]',
    started_at timestamptz not null,
    ended_at timestamptz
) with (fillfactor = 70)
"""
_ATTEMPTS_COMMENTS = (
    ("key", "the SKU, or for a parcel <order>/<package>"),
    ("revision", "of the target; for a parcel its version"),
    ("lease", "the term of the leader that has it in flight, or the key of the feed"),
    ("ended_at", "null: nobody knows yet what became of it, and it may have reached the marketplace"),
)


def add_attempts() -> None:
    """For use in a migration: the attempts, and how to find old orders that notifications told of."""
    op.execute(_ATTEMPTS)
    for column, comment in _ATTEMPTS_COMMENTS:
        op.execute(f"comment on column attempts.{column} is '{comment}'")
    op.execute("create index attempts_open on attempts (key, kind) where ended_at is null")
    op.execute("create index attempts_listing on attempts (external_sku, id) where external_sku is not null")
    op.execute("create index attempts_order on attempts (external_order_id, id) where external_order_id is not null")
    op.execute("create index attempts_failed on attempts (outcome, id) where outcome <> 'accepted'")
    op.execute("create index attempts_kind on attempts (kind, id) where kind <> 'stock'")
    op.execute("create index notified_orders_old on notified_orders (notified_at) where next_fetch_at is null")
