"""The rules of prices in Postgres, and the defaults that the newest process has brought."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.price_rules import PriceBook, PriceDefaults, PriceRule, PriceSettings, tidy
from inventory.domain.pricing import Rounding

_SETS = ("fee_percent", "fee_fixed", "vat_included", "rounding_step", "rounding_ending", "floor", "ceiling")
_QUEUE = text("select pg_advisory_xact_lock(hashtext(current_schema() || '.price_rules'))")
_DEFAULTS = text("select cast(sets as text) from price_defaults")
_ALL = text("select * from price_rules order by name")
_KEEP_DEFAULTS = text("""
insert into price_defaults as d (sets) values (cast(:sets as jsonb))
on conflict (is_only_row) do update set sets = excluded.sets where d.sets <> excluded.sets
returning true
""")
_DELETE = text("delete from price_rules where name = any(cast(:names as text[]))")
_INSERT = text("""
insert into price_rules (
    name, sku, category, channel, fee_percent, fee_fixed, vat_included, rounding_step, rounding_ending, floor, ceiling,
    updated_at)
select *, cast(:now as timestamptz) from unnest(
    cast(:names as text[]), cast(:skus as text[]), cast(:categories as text[]), cast(:channels as text[]),
    cast(:fee_percent as numeric[]), cast(:fee_fixed as numeric[]), cast(:vat_included as boolean[]),
    cast(:rounding_step as numeric[]), cast(:rounding_ending as numeric[]), cast(:floor as numeric[]),
    cast(:ceiling as numeric[]))
""")


class PostgresPriceRules:
    """Within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def queue(self) -> None:
        """Wait until no other transaction changes price rules."""
        await self._connection.execute(_QUEUE)

    async def keep_defaults(self, defaults: PriceDefaults) -> bool:
        """From now on these hold for every process; answers whether that is new."""
        found = await self._connection.execute(_KEEP_DEFAULTS, {"sets": _document(defaults)})
        return bool(found.scalar())

    async def book(self) -> PriceBook:
        """The rules over the defaults, as the transaction sees them."""
        kept = (await self._connection.execute(_DEFAULTS)).scalar()
        rows = (await self._connection.execute(_ALL)).mappings()
        return PriceBook(_defaults(kept), [_rule(dict(row)) for row in rows])

    async def changed_at(self) -> dict[str, dt.datetime]:
        """When each rule was changed, by name."""
        rows = await self._connection.execute(text("select name, updated_at from price_rules"))
        return {row.name: row.updated_at for row in rows}

    async def replace(self, rules: Sequence[PriceRule], delete: Sequence[str], now: dt.datetime) -> None:
        """Keep the rules, new or instead of those of the same name, and delete others."""
        await self._connection.execute(_DELETE, {"names": [*(rule.name for rule in rules), *delete]})
        columns = [_columns(rule.sets) for rule in rules]
        await self._connection.execute(
            _INSERT,
            {
                "names": [rule.name for rule in rules],
                "skus": [rule.sku for rule in rules],
                "categories": [rule.category for rule in rules],
                "channels": [rule.channel for rule in rules],
                "now": now,
                **{name: [row[name] for row in columns] for name in _SETS},
            },
        )


def _rule(row: Mapping[str, Any]) -> PriceRule:
    return PriceRule(row["name"], _settings(row), sku=row["sku"], category=row["category"], channel=row["channel"])


def _settings(row: Mapping[str, Any]) -> PriceSettings:
    sets: dict[str, Any] = {
        name: tidy(value) if isinstance(value, Decimal) else value for name, value in row.items() if name in _SETS
    }
    step, ending = sets.pop("rounding_step"), sets.pop("rounding_ending")
    return PriceSettings(**sets, rounding=None if step is None else Rounding(step, ending))


def _columns(sets: PriceSettings) -> dict[str, Any]:
    given = sets.given()
    if isinstance(rounding := given.pop("rounding", None), Rounding):
        given |= {"rounding_step": rounding.step, "rounding_ending": rounding.ending}
    return dict.fromkeys(_SETS) | given


def _document(defaults: PriceDefaults) -> str:
    channels = {
        channel: {name: str(value) if isinstance(value, Decimal) else value for name, value in _columns(sets).items()}
        for channel, sets in defaults.channels.items()
    }
    return json.dumps({"storefront": defaults.storefront, "channels": channels})


def _defaults(kept: str | None) -> PriceDefaults:
    """Before any process has brought some there are none, and so no fees are known."""
    if kept is None:
        return PriceDefaults({}, "")
    document = json.loads(kept)
    channels = {
        channel: _settings({name: Decimal(v) if isinstance(v, str) else v for name, v in sets.items()})
        for channel, sets in document["channels"].items()
    }
    return PriceDefaults(channels, document["storefront"])
