"""Rules from a file, read without the service: the same form as `mizan rules` takes."""

from collections.abc import Iterable
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from inventory.domain.rules import Rule, problems, values_of
from inventory.entrypoints.rule_bodies import NamedRuleBody

_RULES = TypeAdapter(list[NamedRuleBody])


class BadRulesError(Exception):
    """A file of rules that can't be used; the message says what to do."""


def read(file: Path, channels: Iterable[str]) -> list[Rule]:
    """The rules of a file: one, or a list of them.

    Raises:
        BadRulesError: it can't be read, or a rule in it can't be used.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        bodies = _RULES.validate_python(content if isinstance(content, list) else [content])
    except OSError as error:
        raise BadRulesError(error.strerror or str(error)) from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise BadRulesError(f"no YAML of rules: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRulesError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    rules = [_rule(body) for body in bodies]
    found = [f"rule {rule.name!r}: {problem}" for rule in rules for problem in problems(rule, channels)]
    if found or not rules:
        raise BadRulesError("; ".join(found) or "it holds no rules: write one rule or a list of them")
    return rules


def _rule(body: NamedRuleBody) -> Rule:
    values = values_of(body.document(body.name)["sets"], body.channel)
    return Rule(body.name, values, sku=body.sku, category=body.category, channel=body.channel)
