import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.slots import every_slot, partition_for, slot_of


@pytest.mark.parametrize(
    ("key", "partition"),
    [
        # From Apache Kafka's own murmur2 test (UtilsTest.testMurmur2), made positive, modulo 1000.
        (b"21", -973932308 % 2**31 % 1000),
        (b"foobar", -790332482 % 2**31 % 1000),
        (b"a-little-bit-long-string", -985981536 % 2**31 % 1000),
        (b"a-little-bit-longer-string", -1486304829 % 2**31 % 1000),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 % 2**31 % 1000),
    ],
)
def test_partition_is_the_one_of_kafkas_default_partitioner(key: bytes, partition: int) -> None:
    assert partition_for(key, 1000) == partition


@given(key=st.binary(min_size=1), partitions=st.integers(1, 100))
def test_partition_exists(key: bytes, partitions: int) -> None:
    assert 0 <= partition_for(key, partitions) < partitions


def test_slots_tell_topics_and_partitions_apart() -> None:
    slots = list(every_slot({"a": 3, "b": 2}))
    assert len(set(slots)) == 5
    assert slot_of("a", 1) in slots
    assert all(0 <= slot < 2**31 for slot in slots)
