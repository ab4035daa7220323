"""Every mistake that one could make in the escrow is found by the model check."""

import dataclasses as dc

import pytest
from inventory.testing.model_check import ModelCheck
from inventory.testing.mutants import MUTANTS


@pytest.mark.parametrize("name", MUTANTS)
def test_the_model_check_finds(name: str) -> None:
    mutant = MUTANTS[name]
    report = ModelCheck(mutant.shop, mutant.mechanics).run()
    assert report.violation is not None
    as_far = dc.replace(mutant.shop, most=report.states)
    assert ModelCheck(as_far).run().violation is None
