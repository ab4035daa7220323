"""The tables of what a connector confirms as shipped. A migration creates them."""

from alembic import op

_SHIPMENTS = """
create table shipments (
    external_order_id text not null,
    package_id text not null,
    package jsonb not null,
    version int not null default 1,
    told_at timestamptz not null,
    told_by text not null,
    state text not null check (state in ('pending', 'accepted', 'rejected', 'quarantined', 'unsupported')),
    attempts int not null default 0,
    failures int not null default 0,
    is_unknown_told boolean not null default false,
    lease text,
    next_attempt_at timestamptz not null,
    pending_since timestamptz not null,
    submitted_at timestamptz,
    answered_at timestamptz,
    last_error text,
    cause_event_id text not null,
    cause_correlation_id text,
    cause_traceparent text,
    primary key (external_order_id, package_id)
) with (fillfactor = 70)
"""
_SHIPMENTS_COMMENTS = (
    ("package", "the parcel as it was told last"),
    ("version", "counts what was told of this parcel: corrections, and orders to try again"),
    ("told_at", "the time of the event that told it, by the clock of the storefront; older ones change nothing"),
    ("told_by", "the id of that event"),
    ("attempts", "submissions of this version"),
    ("failures", "failed answers in a row"),
    ("is_unknown_told", "it was published that the outcome of this version is unknown so far"),
    ("lease", "the term of the leader that has it, or the version before it, in flight"),
)
_SHIPPED_ELSEWHERE = """
create table shipped_elsewhere (
    external_order_id text primary key,
    reason text not null
)
"""


def add_shipments() -> None:
    """For use in a migration: the parcels to be confirmed, and the orders that are shipped in another way."""
    op.execute(_SHIPMENTS)
    for column, comment in _SHIPMENTS_COMMENTS:
        op.execute(f"comment on column shipments.{column} is '{comment}'")
    due = "where state in ('pending', 'quarantined')"
    op.execute(f"create index shipments_due on shipments (pending_since, external_order_id, package_id) {due}")
    op.execute(_SHIPPED_ELSEWHERE)
    op.execute("alter table channel_state add column shipments_refused text")
