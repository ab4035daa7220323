"""The headers of a dead letter. Its value and key are the original's, byte for byte."""

REASON = "reason"
ERROR = "error"
ORIGINAL_TOPIC = "original-topic"
ORIGINAL_PARTITION = "original-partition"
ORIGINAL_OFFSET = "original-offset"
GROUP = "group"
FIRST_FAILURE = "first-failure"
LAST_FAILURE = "last-failure"
ATTEMPTS = "attempts"

MEANINGS = {
    REASON: "why it can't be used: `not-json`, `unknown-type`, `invalid-event` or a reason of the consumer's own",
    ERROR: "what is wrong, in one line, without the record's content",
    ORIGINAL_TOPIC: "the topic that it was read from",
    ORIGINAL_PARTITION: "the partition that it was read from",
    ORIGINAL_OFFSET: "its offset there",
    GROUP: "the consumer group that couldn't use it",
    FIRST_FAILURE: "when it failed first (RFC 3339)",
    LAST_FAILURE: "when it failed last (RFC 3339)",
    ATTEMPTS: "how often it failed",
}
"""What each header says; the original's other headers stay as they are."""
