"""The page of what is known of Amazon names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "docs" / "amazon-facts.md"


def test_every_test_that_the_facts_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", FACTS.read_text(encoding="utf-8")))
    modules = [
        path for top in ("libs", "services", "deploy", "tests") for path in (ROOT / top).glob("**/tests/**/test_*.py")
    ]
    modules += (ROOT / "tests").glob("**/test_*.py")
    defined = {name for path in modules for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))}
    assert named
    assert named - defined == set()
