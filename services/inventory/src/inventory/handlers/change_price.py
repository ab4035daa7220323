"""Compute the price of each listing again, and tell the channels what is new."""

from collections.abc import Iterable, Mapping

from contracts import AnyEvent, Money, PriceTarget
from runtime.logs import get_logger
from runtime.work import Work

from inventory.adapters import channel_prices, price_queue
from inventory.adapters.channel_prices import Listed, Priced
from inventory.adapters.price_rules import PostgresPriceRules
from inventory.domain.price_rules import PriceBook
from inventory.domain.quotes import quote
from inventory.domain.stock import Cause
from inventory.handlers.causes import cause_of, event_of

_log = get_logger(__name__)


async def reprice_later(skus: Iterable[str], work: Work, causes: Mapping[str, AnyEvent] | None = None) -> None:
    """Have the prices of these products computed once this work is committed; `causes` is by SKU.

    To be called last: it may wait for the loop that computes prices, which waits for nobody.
    """
    wanted = sorted(set(skus))
    known = {sku: cause_of(causes[sku], work) for sku in wanted if causes and sku in causes}
    await price_queue.add(work.connection, wanted, work.now, known)


async def reprice(causes: Mapping[str, Cause | None], work: Work) -> None:
    """Keep what has changed for these SKUs; a target goes out only where the price itself has changed.

    Only whoever took the SKUs out of the queue may call it, so that no revision is given twice.
    """
    book = await PostgresPriceRules(work.connection).book()
    listed = await channel_prices.listed(work.connection, sorted(causes))
    priced = [found for one in listed if (found := price(one, book)) is not None]
    await channel_prices.upsert(work.connection, priced, work.now)
    for one in priced:
        _tell_problem(one)
        if one.revision > one.listed.revision:
            cause = causes[one.listed.product.sku]
            work.publish(_target(one), cause=event_of(cause) if cause else None)


def price(listed: Listed, book: PriceBook) -> Priced | None:
    """What is new about the price of a listing; None: nothing, or it never had a price and its product has none."""
    if listed.product.base_price is None and not listed.revision:
        return None
    found = quote(listed.product, listed.channel, book)
    told = found.price and (found.price.price, listed.product.currency, listed.external_sku)
    is_new = told is not None and told != listed.told
    if not is_new and (found.problem, found.explanation) == (listed.problem, listed.explanation):
        return None
    return Priced(listed, found, listed.revision + is_new)


def _target(priced: Priced) -> PriceTarget:
    found, product = priced.quote.price, priced.listed.product
    if found is None or product.currency is None:
        raise ValueError(f"{product.sku!r} has no price to tell")
    return PriceTarget(
        channel=priced.listed.channel,
        sku=product.sku,
        external_sku=priced.listed.external_sku,
        price=Money(amount=found.price, currency=product.currency),
        revision=priced.revision,
        explanation=priced.quote.explanation,
    )


def _tell_problem(priced: Priced) -> None:
    """Once when it begins or changes, once when it is over."""
    if priced.quote.problem == priced.listed.problem:
        return
    where = {"sku": priced.listed.product.sku, "channel": priced.listed.channel}
    if priced.quote.problem is None:
        _log.info("price is right again", **where)
    else:
        _log.warning("price problem", **where, has_price=priced.quote.price is not None, problem=priced.quote.problem)
