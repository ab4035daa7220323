"""The ledger's checks pass what is right with one query; what they refuse stays the same."""

from alembic import op

revision = "0010"
down_revision = "0009"

_CHAIN = """
create or replace function refuse_broken_chain() returns trigger language plpgsql as $$
declare
    broken record;
begin
    -- One query for what is right, as nearly always: a row that is odd, or the first of its SKU, is looked at closely.
    perform from (
        select id, sku, channel, before_qty, lag(after_qty) over (partition by sku order by id) as previous
        from new_rows
    ) n
    left join marketplace_channels c on c.name = n.channel
    left join lateral (
        select after_qty from inventory_logs i
        where n.previous is null and i.sku = n.sku and i.id < n.id order by i.id desc limit 1
    ) l on true
    where n.before_qty is distinct from coalesce(n.previous, l.after_qty) or (n.channel is not null and c.name is null)
    limit 1;
    if not found then
        return null;
    end if;
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
    op.execute(_CHAIN)
