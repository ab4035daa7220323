from pathlib import Path

from bench.listing_import import write
from inventory.listing_file import BadRow, ListingFile


def test_the_file_has_as_many_rows_as_asked_for_and_spoils_some(tmp_path: Path) -> None:
    file = tmp_path / "listings.csv"
    write(file, 3000, 30)
    with file.open("rb") as lines:
        rows = list(ListingFile().rows(lines))
    assert len(rows) == 3000
    taken = [row for row in rows if isinstance(row, BadRow)]
    good = [row.listing for row in rows if not isinstance(row, BadRow)]
    unknown = [listing for listing in good if listing.sku.startswith("NOPE") or listing.channel == "ebay"]
    assert (len(taken), len(unknown)) == (10, 20)
