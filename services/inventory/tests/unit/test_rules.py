import dataclasses as dc
import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.allocation import Limit, Mode, Policy, allocate
from inventory.domain.rules import PRECEDENCE, Rule, RuleBook, Setting, effective, problems, values_of

DEFAULT = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore")
WEIGHT = Setting("weight", "noon")
SCOPES: list[dict[str, str]] = [
    {"sku": "A", "channel": "noon"},
    {"sku": "A"},
    {"category": "mugs", "channel": "noon"},
    {"category": "mugs"},
    {"channel": "noon"},
    {},
]


def rule(name: str, sets: dict[str, Any], **scope: str) -> Rule:
    return Rule(name, values_of(sets, scope.get("channel")), **scope)


def test_without_rules_the_service_s_own_policy_holds() -> None:
    assert effective(RuleBook(DEFAULT), "A", None) == (DEFAULT, ())


@pytest.mark.parametrize(("stronger", "weaker"), list(itertools.combinations(range(6), 2)))
def test_the_most_specific_rule_wins_and_the_reason_names_who_lost(stronger: int, weaker: int) -> None:
    rules = [Rule(f"r{place}", {WEIGHT: place}, **SCOPES[place]) for place in (weaker, stronger)]
    policy, [reason] = effective(RuleBook(DEFAULT, rules), "A", "mugs")
    assert policy.weights == {"saberstore": 30, "amazon": 35, "noon": stronger}
    assert (reason.rule, reason.scope, reason.lost) == (
        f"r{stronger}",
        PRECEDENCE[stronger],
        ((f"r{weaker}", weaker),),
    )


def test_each_setting_has_a_winner_of_its_own() -> None:
    book = RuleBook(
        DEFAULT,
        [
            rule("house", {"buffer_percent": 10, "last_units": 2, "weights": {"amazon": 50}}),
            rule("mugs", {"buffer_percent": 0, "limits": {"noon": {"max": 9}}}, category="mugs"),
            rule("this mug", {"max": None, "min": 1}, sku="A", channel="noon"),
            rule("other", {"mode": "guide"}, sku="B"),
        ],
    )
    policy, reasons = book.effective("A", "mugs")
    assert policy == dc.replace(
        DEFAULT,
        weights={"saberstore": 30, "amazon": 50, "noon": 35},
        buffer_percent=0,
        last_units=2,
        limits={"noon": Limit(min=1)},
    )
    assert {str(reason.setting): reason.rule for reason in reasons} == {
        "buffer_percent": "mugs",
        "last_units": "house",
        "max of noon": "this mug",
        "min of noon": "this mug",
        "weight of amazon": "house",
    }
    assert book.effective("B", None)[0].mode is Mode.GUIDE
    assert book.effective("C", "cups")[0].limits == {}


def test_skus_under_the_same_rules_share_one_policy() -> None:
    book = RuleBook(DEFAULT, [rule("mugs", {"buffer_units": 1}, category="mugs")])
    assert book.effective("A", "mugs") is book.effective("B", "mugs")
    assert book.effective("A", None)[0] is DEFAULT


def test_a_changed_book_leaves_the_old_one_as_it_was() -> None:
    book = RuleBook(DEFAULT, [rule("a", {"buffer_units": 1}), rule("b", {"last_units": 1})])
    changed = book.changed([rule("a", {"buffer_units": 2})], delete=["b"])
    assert [changed.effective("A", None)[0].buffer_units, book.effective("A", None)[0].buffer_units] == [2, 1]
    assert [changed.effective("A", None)[0].last_units, book.effective("A", None)[0].last_units] == [0, 1]


@pytest.mark.parametrize(
    ("sets", "scope", "part"),
    [
        ({}, {}, "sets nothing"),
        ({"buffer_units": 1}, {"sku": "A", "category": "mugs"}, "not both"),
        ({"weights": {"ebay": 1}}, {}, "no channel 'ebay': the channels are saberstore, amazon, noon"),
        ({"weight": 1}, {"channel": "ebay"}, "no channel 'ebay'"),
        ({"last_units_channel": "ebay"}, {}, "no channel 'ebay'"),
        ({"priority": ["noon", "ebay"]}, {}, "no channel 'ebay'"),
        ({"buffer_units": 1}, {"channel": "noon"}, "only its own weight, min, max, fixed"),
        ({"weight": 1}, {}, "no channel to set it for"),
        ({"limits": {"noon": {"min": 5, "max": 4}}}, {}, "min 5 of noon is above its max 4"),
        ({"weights": {"amazon": 0, "noon": 0}}, {}, "all weights are 0"),
    ],
)
def test_a_rule_that_can_not_be_is_told_why(sets: dict[str, Any], scope: dict[str, str], part: str) -> None:
    assert part in "; ".join(problems(rule("r", sets, **scope), DEFAULT.weights))


@pytest.mark.parametrize("scope", SCOPES)
def test_a_rule_that_can_be_is_not_complained_about(scope: dict[str, str]) -> None:
    sets = (
        {"weight": 0, "min": 1, "max": 1} if "channel" in scope else {"weights": {"noon": 1}, "marketplace_cap": None}
    )
    assert problems(rule("r", sets, **scope), DEFAULT.weights) == []


numbers = st.integers(0, 50)
settings = st.fixed_dictionaries(
    {},
    optional={
        "weights": st.dictionaries(st.sampled_from(list(DEFAULT.weights)), numbers),
        "limits": st.dictionaries(
            st.sampled_from(list(DEFAULT.weights)),
            st.fixed_dictionaries({}, optional={"min": numbers, "max": st.none() | numbers, "fixed": numbers}),
        ),
        "buffer_percent": numbers,
        "last_units": numbers,
        "marketplace_cap": st.none() | numbers,
    },
)
whole_scopes = st.sampled_from([scope for scope in SCOPES if "channel" not in scope])


@given(st.lists(st.tuples(settings, whole_scopes), max_size=6), st.randoms(use_true_random=False), st.integers(0, 99))
def test_any_rules_give_one_policy_whatever_their_order(
    drawn: list[tuple[dict[str, Any], dict[str, str]]], chance: random.Random, available: int
) -> None:
    rules = [rule(f"r{number}", sets, **scope) for number, (sets, scope) in enumerate(drawn)]
    found = RuleBook(DEFAULT, rules).effective("A", "mugs")
    chance.shuffle(rules)
    assert RuleBook(DEFAULT, rules).effective("A", "mugs") == found
    allocation = allocate(available, list(DEFAULT.weights), found[0])
    assert sum(allocation.units.values()) + allocation.unallocated == allocation.sellable
