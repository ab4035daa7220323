import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.fuse import DeadLetterFuse, FuseBlownError

DEAD = ("stock.changed", True)
GOOD = ("stock.changed", False)


def test_as_many_as_the_limit_are_let_through_and_not_one_more() -> None:
    fuse = DeadLetterFuse(3)
    fuse.demand([DEAD] * 3)
    with pytest.raises(FuseBlownError, match=r"3 records of stock\.changed in a row") as blown:
        fuse.demand([GOOD, DEAD, DEAD, DEAD, DEAD, GOOD])
    assert blown.value.kept == 4


def test_the_run_goes_on_from_batch_to_batch_and_a_good_record_ends_it() -> None:
    fuse = DeadLetterFuse(3)
    fuse.count([DEAD, DEAD])
    fuse.demand([DEAD, GOOD, DEAD])
    with pytest.raises(FuseBlownError) as blown:
        fuse.demand([DEAD, DEAD])
    assert blown.value.kept == 1
    fuse.count([GOOD])
    fuse.demand([DEAD, DEAD, DEAD])


def test_asking_counts_nothing() -> None:
    fuse = DeadLetterFuse(1)
    fuse.demand([DEAD])
    fuse.demand([DEAD])
    fuse.count([DEAD])
    with pytest.raises(FuseBlownError):
        fuse.demand([DEAD])


def test_good_records_of_another_topic_do_not_hide_a_topic_that_fails() -> None:
    fuse = DeadLetterFuse(2)
    with pytest.raises(FuseBlownError) as blown:
        fuse.demand([DEAD, ("product.changed", False)] * 3)
    assert (blown.value.topic, blown.value.kept) == ("stock.changed", 4)


def test_a_limit_of_zero_takes_the_fuse_out() -> None:
    fuse = DeadLetterFuse(0)
    fuse.count([DEAD] * 10)
    fuse.demand([DEAD] * 1000)


def test_seen_from_the_whole_batch_what_came_before_is_done_too() -> None:
    assert FuseBlownError("t", 3, kept=2).behind(5).kept == 7


@given(st.lists(st.booleans()), st.integers(1, 5), st.integers(0, 20))
def test_however_records_are_cut_into_batches_the_same_ones_are_kept(dead: list[bool], limit: int, cut: int) -> None:
    outcomes = [("t", is_dead) for is_dead in dead]
    assert _kept(limit, [outcomes]) == _kept(limit, [outcomes[:cut], outcomes[cut:]])


def _kept(limit: int, batches: list[list[tuple[str, bool]]]) -> int:
    fuse = DeadLetterFuse(limit)
    kept = 0
    for batch in batches:
        try:
            fuse.demand(batch)
        except FuseBlownError as blown:
            return kept + blown.kept
        fuse.count(batch)
        kept += len(batch)
    return kept
