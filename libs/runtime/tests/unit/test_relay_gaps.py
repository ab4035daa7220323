from hypothesis import given
from hypothesis import strategies as st
from runtime.relay import arrived

LOST = ConnectionError("lost")


def row(row_id: int, slot: int) -> dict[str, int]:
    return {"id": row_id, "slot": slot}


def test_nothing_behind_a_failure_in_its_slot_counts_as_arrived() -> None:
    rows = [row(1, 7), row(2, 8), row(3, 7), row(4, 8), row(5, 7)]
    results = [object(), object(), LOST, object(), object()]
    assert arrived(rows, results) == [1, 2, 4]


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans())))
def test_in_every_slot_the_arrived_rows_are_its_first_ones(sent: list[tuple[int, bool]]) -> None:
    rows = [row(number, slot) for number, (slot, _) in enumerate(sent)]
    ids = set(arrived(rows, [object() if ok else LOST for _, ok in sent]))
    for slot in (1, 2, 3):
        of_slot = [r["id"] in ids for r in rows if r["slot"] == slot]
        assert of_slot == sorted(of_slot, reverse=True)
