"""The tables of notifications. A migration of each connector creates them, whether its marketplace has any or not."""

from alembic import op

_NOTIFICATIONS = """
create table notifications (
    notification_id text primary key,
    topic text not null,
    subject text not null,
    received_at timestamptz not null
)
"""
_UNUSABLE = """
create table unusable_notifications (
    message_id text primary key,
    reason text not null,
    body text not null,
    first_seen_at timestamptz not null
)
"""
_NOTIFIED_ORDERS = """
create table notified_orders (
    external_order_id text primary key,
    placed_at timestamptz,
    notified_at timestamptz not null,
    asks int not null default 1,
    attempts int not null default 0,
    next_fetch_at timestamptz,
    missed_at timestamptz
)
"""
_NOTIFIED_ORDERS_COMMENTS = (
    ("placed_at", "as the notification says; null where it does not"),
    ("notified_at", "when the first notification about it came"),
    ("asks", "how often it was asked for: a notification that comes during a fetch asks once more"),
    ("attempts", "fetches tried since the last that succeeded"),
    ("next_fetch_at", "when it is to be fetched; null: nothing is to be done"),
    ("missed_at", "when a complete search that covers it turned out not to show it"),
)
_SOURCE = """
create table notification_source (
    only_row boolean primary key default true check (only_row),
    since timestamptz not null
)
"""
_SEARCHED = "alter table seen_orders add column searched_at timestamptz, add column untold_at timestamptz"


def add_notifications() -> None:
    """For use in a migration: what was told, what is to be fetched, and which of our two sources knew an order."""
    op.execute(_NOTIFICATIONS)
    op.execute("create index notifications_received on notifications (received_at)")
    op.execute(_UNUSABLE)
    op.execute(_NOTIFIED_ORDERS)
    for column, comment in _NOTIFIED_ORDERS_COMMENTS:
        op.execute(f"comment on column notified_orders.{column} is '{comment}'")
    op.execute("create index notified_orders_due on notified_orders (next_fetch_at) where next_fetch_at is not null")
    op.execute("create index notified_orders_told on notified_orders (notified_at) where missed_at is null")
    op.execute(_SOURCE)
    op.execute("comment on column notification_source.since is 'when the queue was first read'")
    op.execute(_SEARCHED)
    op.execute("comment on column seen_orders.searched_at is 'when a search first showed it; null: none has'")
    op.execute("comment on column seen_orders.untold_at is 'when it was counted as found but never notified of'")
    op.execute("create index seen_orders_searched on seen_orders (searched_at) where untold_at is null")
