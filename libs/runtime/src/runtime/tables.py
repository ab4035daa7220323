"""The tables that the runtime needs in each service's schema. The service's first migration creates them."""

from alembic import op

_OUTBOX = """
create table outbox (
    id bigint generated always as identity primary key,
    slot int not null,
    topic text not null,
    partition int not null,
    key bytea,
    value bytea,
    headers jsonb not null,
    created_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
"""

_INBOX = """
create table inbox (
    event_id text primary key,
    topic text not null,
    received_at timestamptz not null default now()
)
"""


def create_outbox() -> None:
    """For use in a migration. Rows leave as soon as they are sent, so it is vacuumed by count, not by share."""
    op.execute(_OUTBOX)
    op.execute("create index outbox_slot_id on outbox (slot, id)")


def create_inbox() -> None:
    """For use in a migration."""
    op.execute(_INBOX)


_WATERMARKS = (
    """
create table channel_watermarks (
    channel text primary key,
    known_until timestamptz,
    moved_at timestamptz
)""",
    """
create table partition_watermarks (
    channel text not null,
    partition int not null,
    known_until timestamptz not null,
    primary key (channel, partition)
)""",
    """
create table watermark_holds (
    hold text primary key,
    channel text,
    reason text not null,
    since timestamptz not null,
    expired_at timestamptz
)""",
)


_DISCARDED_HOLDS = """
create table discarded_holds (
    hold text primary key,
    discarded_at timestamptz not null default now()
)"""


def create_discarded_holds() -> None:
    """For use in a migration after `create_watermarks`: what holds no more, however often it is replayed."""
    op.execute(_DISCARDED_HOLDS)


def create_watermarks() -> None:
    """For use in a migration: what `runtime.watermarks` and `runtime.holds` keep."""
    for statement in _WATERMARKS:
        op.execute(statement)
