"""The tables of a connector. Its first migration creates them."""

from alembic import op

_PUSHES = """
create table pushes (
    sku text primary key,
    external_sku text not null,
    revision bigint not null,
    quantity int not null,
    urgency smallint not null,
    state text not null check (state in ('pending', 'accepted', 'rejected', 'quarantined')),
    attempts int not null default 0,
    failures int not null default 0,
    reached boolean not null default false,
    next_attempt_at timestamptz not null,
    pending_since timestamptz not null,
    submitted_at timestamptz,
    in_flight_revision bigint,
    lease text,
    last_error text,
    cause_event_id text,
    cause_correlation_id text,
    cause_traceparent text
) with (fillfactor = 70)
"""
_PUSHES_COMMENTS = (
    ("attempts", "submissions of this revision"),
    ("failures", "failed answers in a row, over revisions"),
    ("reached", "this revision may have reached the marketplace"),
    ("lease", "the term of the leader that has it in flight"),
)
_CHANNEL_STATE = """
create table channel_state (
    only_row boolean primary key default true check (only_row),
    paused boolean not null default false,
    stock_refused text,
    orders_refused text
)
"""
_CURSORS = """
create table cursors (
    search text primary key,
    position timestamptz not null,
    known_until timestamptz,
    read_at timestamptz not null
)
"""
_SEEN_ORDERS = """
create table seen_orders (
    external_order_id text primary key,
    placed_at timestamptz not null,
    updated_at timestamptz not null,
    digest text not null,
    is_open boolean not null
)
"""
_UNREADABLE_ORDERS = """
create table unreadable_orders (
    external_order_id text primary key,
    reason text not null,
    first_seen_at timestamptz not null
)
"""


def create_tables() -> None:
    """For use in a migration: what the pusher and the order reader keep."""
    op.execute(_PUSHES)
    for column, comment in _PUSHES_COMMENTS:
        op.execute(f"comment on column pushes.{column} is '{comment}'")
    due = "(quantity > 0), urgency, quantity, pending_since, sku"
    op.execute(f"create index pushes_due on pushes ({due}) where state in ('pending', 'quarantined')")
    op.execute("create index pushes_external_sku on pushes (external_sku)")
    op.execute(_CHANNEL_STATE)
    op.execute("insert into channel_state default values")
    op.execute(_CURSORS)
    op.execute(_SEEN_ORDERS)
    op.execute("create index seen_orders_open on seen_orders (placed_at) where is_open")
    op.execute(_UNREADABLE_ORDERS)


_EVIDENCE = """
alter table pushes
    add column live_above int,
    add column closed boolean not null default false,
    add column accepted_at timestamptz,
    add column live_at timestamptz,
    add column next_read_at timestamptz,
    add column earlier_until timestamptz,
    drop constraint pushes_state_check,
    add constraint pushes_state_check check (state in ('pending', 'accepted', 'live', 'rejected', 'quarantined'))
"""
_EVIDENCE_COMMENTS = (
    ("live_above", "a reading above this, and not above the quantity, proves that the revision is live"),
    ("closed", "this revision has ended: unknown if it was reached, else withdrawn. It must not be submitted again"),
    ("earlier_until", "until then an earlier write may still go live"),
)


def add_evidence() -> None:
    """For use in a migration: what is known of a revision between accepted and live."""
    op.execute(_EVIDENCE)
    for column, comment in _EVIDENCE_COMMENTS:
        op.execute(f"comment on column pushes.{column} is '{comment}'")
    op.execute("create index pushes_not_live_yet on pushes (accepted_at) where state = 'accepted'")


_CLOCKS = """
alter table pushes
    add column desired_at timestamptz,
    add column clock_offset_ms int,
    add column margin_ms int
"""
_CLOCKS_COMMENTS = (
    ("desired_at", "when this revision came"),
    ("clock_offset_ms", "the clock of the marketplace minus ours, when it accepted this revision"),
    ("margin_ms", "how far the offset may be wrong"),
)
_STANDSTILL = """
alter table channel_state
    add column stopped_since timestamptz,
    add column restocks_on_cancel text not null default 'unknown'
"""
_LISTINGS = """
create table listings (
    sku text primary key,
    external_sku text not null,
    is_active boolean not null,
    changed_at timestamptz not null,
    asks int not null default 1,
    attempts int not null default 0,
    next_read_at timestamptz,
    cause_event_id text,
    cause_correlation_id text,
    cause_traceparent text
)
"""
_LISTINGS_COMMENTS = (
    ("changed_at", "the time of the event that said so"),
    ("asks", "how often a reading was asked for"),
    ("attempts", "readings tried since the last that succeeded"),
    ("next_read_at", "when it is to be read; null: nobody waits for a reading"),
)


def add_readings() -> None:
    """For use in a migration: listings to be read, the marketplace's clock, since when the channel stands still."""
    op.execute(_CLOCKS)
    for column, comment in _CLOCKS_COMMENTS:
        op.execute(f"comment on column pushes.{column} is '{comment}'")
    op.execute(_STANDSTILL)
    op.execute("comment on column channel_state.stopped_since is 'null while stock is written'")
    op.execute(_LISTINGS)
    for column, comment in _LISTINGS_COMMENTS:
        op.execute(f"comment on column listings.{column} is '{comment}'")
    op.execute("create index listings_to_read on listings (next_read_at, sku) where next_read_at is not null")


_PRICE_PUSHES = """
create table price_pushes (
    sku text primary key,
    external_sku text not null,
    revision bigint not null,
    amount numeric not null,
    currency text not null,
    state text not null
        check (state in ('pending', 'accepted', 'live', 'rejected', 'quarantined', 'unsupported')),
    attempts int not null default 0,
    failures int not null default 0,
    lease text,
    next_attempt_at timestamptz not null,
    pending_since timestamptz not null,
    submitted_at timestamptz,
    accepted_at timestamptz,
    next_read_at timestamptz,
    live_at timestamptz,
    last_error text,
    cause_event_id text,
    cause_correlation_id text,
    cause_traceparent text
) with (fillfactor = 70)
"""
_PRICE_PUSHES_COMMENTS = (
    ("attempts", "submissions of this revision"),
    ("failures", "failures in a row, over revisions, until a price is live"),
    ("lease", "the term of the leader that has it, or the revision before it, in flight"),
)


def add_prices() -> None:
    """For use in a migration: the prices to be written, and whether the marketplace refuses them."""
    op.execute(_PRICE_PUSHES)
    for column, comment in _PRICE_PUSHES_COMMENTS:
        op.execute(f"comment on column price_pushes.{column} is '{comment}'")
    due = "where state in ('pending', 'quarantined')"
    op.execute(f"create index price_pushes_due on price_pushes (pending_since, sku) {due}")
    op.execute("create index price_pushes_not_live_yet on price_pushes (next_read_at) where state = 'accepted'")
    op.execute("create index price_pushes_external_sku on price_pushes (external_sku)")
    op.execute("alter table channel_state add column prices_refused text")


_FEEDS = """
create table feeds (
    key text primary key,
    state text not null check (state in ('prepared', 'submitting', 'open', 'doubtful')),
    opened_at timestamptz not null,
    document_id text,
    submitted_at timestamptz,
    external_feed_id text,
    seen_status text,
    seen_since timestamptz,
    closed_at timestamptz,
    fate text check (fate in ('done', 'given_back', 'cancelled', 'abandoned', 'fatal', 'lost', 'stuck'))
)
"""
_FEEDS_COMMENTS = (
    ("key", "also the lease of its lines in pushes"),
    ("state", "submitting: nobody knows whether the marketplace has it; doubtful: nobody knows of its lines"),
    ("seen_since", "since when the marketplace has shown it in seen_status"),
)
_FEED_LINES = """
create table feed_lines (
    feed_key text not null references feeds (key) on delete cascade,
    number int not null,
    sku text not null,
    external_sku text not null,
    revision bigint not null,
    quantity int not null,
    attempts int not null,
    outcome text,
    cause_event_id text,
    cause_correlation_id text,
    cause_traceparent text,
    primary key (feed_key, number)
)
"""


def add_feeds() -> None:
    """For use in a migration: what goes by feed, and zeros that are written beside one."""
    op.execute(_FEEDS)
    for column, comment in _FEEDS_COMMENTS:
        op.execute(f"comment on column feeds.{column} is '{comment}'")
    op.execute("create unique index feeds_unfinished on feeds ((true)) where closed_at is null")
    op.execute(_FEED_LINES)
    op.execute("comment on column feed_lines.outcome is 'null until its fate is known'")
    op.execute("create index feed_lines_without_outcome on feed_lines (feed_key, number) where outcome is null")
    op.execute("alter table pushes add column held_zero_at timestamptz")
    op.execute("comment on column pushes.held_zero_at is 'when a zero was last written beside the feed that holds it'")
    op.execute("create index pushes_held_zeros on pushes (sku) where lease like 'feed:%' and quantity = 0")
