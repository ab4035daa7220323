import pytest
from connector_sdk.conformance.deviation import DeviationError, expect
from connector_sdk.conformance.faults import FAULTS
from connector_sdk.conformance.suite import BEHAVIOURS
from connector_sdk.conformance.table import table


def test_every_behaviour_has_a_planted_fault_that_it_must_find() -> None:
    assert {behaviour for behaviour, _ in FAULTS} == set(BEHAVIOURS)
    assert all(fault.found for fault in FAULTS.values())


def test_every_behaviour_says_what_it_wants() -> None:
    assert [name for name, behaviour in BEHAVIOURS.items() if not behaviour.__doc__] == []


def test_what_is_not_as_expected_is_said() -> None:
    expect([1], "never said")
    with pytest.raises(DeviationError, match="nothing came"):
        expect([], "nothing came")


def test_the_table_has_a_row_for_each_behaviour_and_a_column_for_each_connector() -> None:
    outcomes = {("a-b", "noon"): "ok", ("c", "noon"): "failed", ("a-b", "amazon"): "ok"}
    assert [line.split() for line in table(outcomes)] == [
        ["behaviour", "amazon", "noon"],
        ["a-b", "ok", "ok"],
        ["c", "-", "failed"],
    ]
