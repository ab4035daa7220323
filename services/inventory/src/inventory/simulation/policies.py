"""The policies that are compared, each with the rule that it runs."""

import dataclasses as dc
import datetime as dt
from collections.abc import Callable, Mapping

from inventory.domain.allocation import Mode, Policy
from inventory.domain.rules import RuleBook
from inventory.domain.terms import Channel, Terms
from inventory.simulation.demand import Demand
from inventory.simulation.escrow_run import EscrowRun
from inventory.simulation.guide_run import GuideRun
from inventory.simulation.marketplace import AMAZON, NOON, Manners
from inventory.simulation.result import Result
from inventory.simulation.rules import EscrowRule, GuideRule

STOREFRONT = "saberstore"
SHARES: Mapping[str, int] = {STOREFRONT: 40, "amazon": 40, "noon": 20}
"""Of the buyers, and so of the stock."""

TODAY = Policy(weights={STOREFRONT: 30, "amazon": 35, "noon": 35}, storefront=STOREFRONT)
"""Production's rule as long as no setting and no rule changes it."""

TAIL = 0.001
"""Of the measured allowance, a move."""

_MANNERS: Mapping[str, Manners] = {"amazon": AMAZON, "noon": NOON}
_GUIDE_POLL = 900.0
_LAGS = {STOREFRONT: 0, "amazon": 300, "noon": 45}
_DEMAND_WEIGHTED = Policy(weights=SHARES, storefront=STOREFRONT, buffer_percent=0)
_STRICT_WORDS = "40/40/20 by demand, no buffer; bounds add up to no more than there is"


def rule_of(name: str) -> GuideRule | EscrowRule:
    """The rule of one of `NAMES`."""
    return _RULES[name](name)


def what_if(name: str, words: str, rules: RuleBook) -> EscrowRule:
    """`strict` under the rules of a catalogue whose SKUs have no category."""
    return dc.replace(strict(name), words=words, policy_of=lambda sku: rules.effective(sku, None)[0])


def run(rule: GuideRule | EscrowRule, demand: Demand, seed: int) -> Result:
    """The same for the same seed."""
    return GuideRun(rule, demand, seed).run() if isinstance(rule, GuideRule) else EscrowRun(rule, demand, seed).run()


def strict(name: str) -> EscrowRule:
    return EscrowRule(
        name,
        f"{_STRICT_WORDS}; until a write is live the channel may sell all of its bound",
        lambda _: _DEMAND_WEIGHTED,
        _terms(),
        _MANNERS,
    )


def _measured(name: str) -> EscrowRule:
    words = f"{_STRICT_WORDS}; until a write is live it may sell what it does with a probability of {1 - TAIL:.1%}"
    return dc.replace(strict(name), words=words, tail=TAIL)


def _strict_reclaim(name: str) -> EscrowRule:
    terms = dc.replace(_terms(), reclaim=True, converge_after=dt.timedelta(hours=48), call_worth=0.16)
    words = f"{_STRICT_WORDS}; the storefront asks first, so the last {terms.lent} units stand on the marketplaces"
    return dc.replace(strict(name), words=words, terms=terms)


def _guide(name: str) -> GuideRule:
    return _of_guide(
        name, 0, "30/35/35 of what is left, pushed at each known sale; orders read each 15 min; full sync each hour"
    )


def _guide_buffer(name: str) -> GuideRule:
    return _of_guide(name, 10, "the same of 90 % of what is left: a buffer of 10 %, rounded up")


def _of_guide(name: str, buffer_percent: int, words: str) -> GuideRule:
    policy = Policy(weights={STOREFRONT: 30, "amazon": 35, "noon": 35}, storefront=STOREFRONT, mode=Mode.GUIDE)
    manners = {channel: dc.replace(each, poll=_GUIDE_POLL) for channel, each in _MANNERS.items()}
    return GuideRule(name, words, policy, manners, buffer_percent)


def _terms() -> Terms:
    return Terms(
        STOREFRONT,
        channels={channel: Channel(lag=dt.timedelta(seconds=lag)) for channel, lag in _LAGS.items()},
        shares=SHARES,
        converge_after=dt.timedelta(hours=30),
        storefront_lag=dt.timedelta(0),
        storefront_margin=dt.timedelta(0),
    )


_RULES: Mapping[str, Callable[[str], GuideRule | EscrowRule]] = {
    "guide": _guide,
    "guide-buffer": _guide_buffer,
    "strict": strict,
    "measured": _measured,
    "strict-reclaim": _strict_reclaim,
}
NAMES = tuple(_RULES)
