import gc
from collections.abc import Iterator

import pytest
from runtime.garbage import collect_seldom


@pytest.fixture
def as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("as_it_was")
def test_the_values_of_a_batch_are_not_looked_through() -> None:
    collect_seldom()
    before = [generation["collections"] for generation in gc.get_stats()]

    batch = [[number] for number in range(10_000)]

    assert [generation["collections"] for generation in gc.get_stats()] == before
    assert len(batch) == 10_000


@pytest.mark.usefixtures("as_it_was")
def test_what_was_alive_at_the_start_is_never_looked_through() -> None:
    frozen = gc.get_freeze_count()

    collect_seldom()

    assert gc.get_freeze_count() > frozen
