"""The headers of a copy that a replay made. Its value, its key and its other headers are the original's."""

from collections.abc import Mapping

REPLAYED_AT = "replayed-at"
REPLAYED_FROM = "replayed-from"
REPLAY_ID = "replay-id"

MEANINGS = {
    REPLAYED_AT: "when the copy was made (RFC 3339)",
    REPLAYED_FROM: "the offset of its original, in the same partition",
    REPLAY_ID: "the replay that made it",
}
"""What each header says."""


def original_offset(headers: Mapping[str, str], offset: str) -> str:
    """Where the record that these are the headers of was first: a copy's original, else the record itself."""
    return headers.get(REPLAYED_FROM, offset)
