"""The table lines up."""

from local_stack.table import table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table([("program", "pid"), ("kafka", "12345"), ("order-importer", "7")]) == (
        "program         pid\nkafka           12345\norder-importer  7"
    )
