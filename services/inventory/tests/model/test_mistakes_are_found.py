"""Every mistake that one could make in the escrow is found by the model check, and by the one that goes by classes."""

import dataclasses as dc

import pytest
from inventory.testing.class_check import ClassCheck
from inventory.testing.model_check import ModelCheck
from inventory.testing.mutants import MUTANTS


@pytest.mark.parametrize("name", MUTANTS)
def test_the_model_check_finds(name: str) -> None:
    mutant = MUTANTS[name]
    report = ModelCheck(mutant.shop, mutant.mechanics).run()
    assert report.violation is not None
    as_far = dc.replace(mutant.shop, most=report.states)
    assert ModelCheck(as_far).run().violation is None


BY_LAW = {
    "raise before lower": "can_issue looks into another channel",
    "raise beyond what is free": "a new target takes more than the 0 free units that it asks for",
}
"""Those that a channel can't be seen to make alone."""


@pytest.mark.parametrize("name", MUTANTS)
def test_the_check_by_classes_finds(name: str) -> None:
    mutant = MUTANTS[name]
    report = ClassCheck(mutant.shop, mutant.mechanics).run()
    assert BY_LAW.get(name, "the bound of a channel is 1 too low") in str(report.violation)
