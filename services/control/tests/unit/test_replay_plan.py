import datetime as dt
from pathlib import Path

import pytest
from contracts import BY_NAME
from contracts.replayed import REPLAYED_FROM
from control.replay.plan import Part, Plan, Request, bound, check_sku, has_sku, is_covered
from control.replay.state_file import StateFile
from control.running import ProblemError, WrongUseError

PLAN = Plan("id", "2026-11-22T08:00:00+00:00", {0: Part(0, 10, 4, 12, sent=3), 1: Part(5, 5, 5, 5)})


def test_a_bound_is_an_offset_or_a_moment_with_its_zone() -> None:
    assert bound(None, "--from") is None
    assert bound("17", "--from") == 17
    assert bound("2026-11-22T08:00:00Z", "--to") == dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
    assert bound("2026-11-22T10:00:00+02:00", "--to") == dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize("said", ["", "-1", "soon", "2026-11-22", "2026-11-22T08:00:00", "1.5"])
def test_anything_else_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(WrongUseError, match=r"--from .*2026-11-22T08:00:00Z"):
        bound(said, "--from")


@pytest.mark.parametrize(
    ("topic", "key", "is_about_it"),
    [
        ("stock.changed", b"A:1", True),
        ("stock.changed", b"1", False),
        ("stock.changed", None, False),
        ("listing.changed", b"noon:A:1", True),
        ("listing.changed", b"A:1", False),
    ],
)
def test_the_sku_is_found_in_the_key(topic: str, key: bytes | None, is_about_it: bool) -> None:  # noqa: FBT001 - a column
    assert has_sku(BY_NAME[topic], key, "A:1") is is_about_it
    assert has_sku(BY_NAME[topic], key, None)


@pytest.mark.parametrize("topic", ["order.imported", "order.shipped", "channel.sync.requested"])
def test_a_topic_that_is_not_keyed_by_sku_can_not_be_narrowed_to_one(topic: str) -> None:
    check_sku(BY_NAME[topic], None)
    with pytest.raises(WrongUseError, match="leave --sku out"):
        check_sku(BY_NAME[topic], "A")


def test_a_copy_is_covered_when_its_original_lies_in_the_range() -> None:
    part = Part(start=5, end=20, next=5, tail=20)
    assert [is_covered({REPLAYED_FROM: said}, part) for said in ("4", "5", "19", "x")] == [False, True, True, False]
    assert not is_covered({}, part)


def test_a_plan_counts_its_records() -> None:
    assert (PLAN.total, PLAN.done, PLAN.sent) == (10, 4, 3)


def test_a_plan_survives_its_file_which_no_other_request_shares(tmp_path: Path) -> None:
    folder = {"MIZAN_REPLAY_FOLDER": str(tmp_path / "new")}
    state = StateFile(Request("stock.changed"), "cluster", folder)
    assert state.read() is None
    state.write(PLAN)
    assert state.read() == PLAN
    for other in (Request("stock.changed", since=3), Request("stock.changed", sku="A"), Request("product.changed")):
        assert StateFile(other, "cluster", folder).read() is None
    assert StateFile(Request("stock.changed"), "another cluster", folder).read() is None
    state.delete()
    assert state.read() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"replay_id": 1}', '{"parts": {"0": {"begin": 1}}}'])
def test_a_file_that_can_not_be_used_is_told_by_name(tmp_path: Path, content: str) -> None:
    state = StateFile(Request("stock.changed"), "cluster", {"MIZAN_REPLAY_FOLDER": str(tmp_path)})
    state.path.write_text(content)
    with pytest.raises(ProblemError, match="delete it to begin anew"):
        state.read()
