"""Escrow: what each channel holds, what is on its way, when to look again, and what went wrong."""

from alembic import op

revision = "0003"
down_revision = "0002"

_CHANNELS = ("saberstore", "amazon", "noon")
_BOUNDS = [f"coalesce((bounds->>'{channel}')::int, 0)" for channel in _CHANNELS]
"""Written out, since every sale is checked: a loop over the bounds in a function costs ten times as much."""
_PRODUCTS = f"""
alter table products
    add column bounds jsonb,
    add column overcommit int not null default 0 check (overcommit >= 0),
    add column escrow jsonb,
    add column stock_changed_at timestamptz,
    add column wake_at timestamptz,
    add column cause_id text,
    add column cause_correlation_id text,
    add column cause_traceparent text,
    add constraint bounds_of_these_channels check (bounds - array{list(_CHANNELS)} = '{{}}'),
    add constraint bounds_not_below_zero check (least({", ".join(_BOUNDS)}) >= 0),
    add constraint bounds_within_available check ({" + ".join(_BOUNDS)} <= on_hand - reserved + overcommit)
"""
_TABLES = """
create table rebalance_due (
    sku text primary key references products (sku),
    due_at timestamptz not null
);
create index rebalance_due_at on rebalance_due (due_at);

create table settle_waits (
    sku text not null references products (sku),
    channel text not null references marketplace_channels (name),
    until timestamptz not null,
    primary key (sku, channel)
);
create index settle_waits_until on settle_waits (channel, until);

create table incidents (
    id bigint generated always as identity primary key,
    sku text not null references products (sku),
    channel text references marketplace_channels (name),
    cause text not null,
    units int not null,
    detail jsonb not null,
    event_id text unique,
    raised_at timestamptz not null,
    resolved_at timestamptz
);
create index incidents_open on incidents (sku) where resolved_at is null
"""
_CHAIN = """
create function refuse_broken_chain() returns trigger language plpgsql as $$
declare
    broken record;
begin
    select n.sku, n.channel into broken from new_rows n
    where (n.channel is not null and n.channel not in (select name from marketplace_channels))
        or n.sku not in (select sku from products where sku in (select sku from new_rows))
    limit 1;
    if found then
        raise foreign_key_violation using message = format(
            'inventory_logs: there is no product %s or no channel %s', broken.sku, broken.channel);
    end if;
    select n.sku, n.before_qty, coalesce(n.previous, l.after_qty, 0) as previous into broken
    from (
        select id, sku, before_qty, lag(after_qty) over (partition by sku order by id) as previous from new_rows
    ) n
    left join lateral (
        select after_qty from inventory_logs i
        where n.previous is null and i.sku = n.sku and i.id < n.id order by i.id desc limit 1
    ) l on true
    where n.before_qty <> coalesce(n.previous, l.after_qty, 0)
    limit 1;
    if found then
        raise check_violation using message = format(
            'inventory_logs: the row of %s starts from %s, but the one before it ended at %s',
            broken.sku, broken.before_qty, broken.previous);
    end if;
    return null;
end $$
"""


def upgrade() -> None:
    """Products from before have no bounds: what their channels hold is not known until they are looked at."""
    op.execute("alter table products set (fillfactor = 60)")  # so that what a sale changes stays on its page
    op.execute(_PRODUCTS)
    for statement in _TABLES.split(";\n"):
        op.execute(statement)
    op.execute(_CHAIN)
    # The trigger checks both for a whole statement at once; products and channels are never deleted.
    op.execute("alter table inventory_logs drop constraint inventory_logs_sku_fkey")
    op.execute("alter table inventory_logs drop constraint inventory_logs_channel_fkey")
    op.execute(
        "create trigger unbroken_chain after insert on inventory_logs referencing new table as new_rows "
        "for each statement execute function refuse_broken_chain()"
    )
