"""Carrying out the document of a JSON_LISTINGS_FEED, and the report about it.

Each message is a patch, carried out by the rules of patchListingsItem. The other operation types are not served: one
erases attributes that it does not name, one deletes the listing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.amazon.patches import Json

MOST_MESSAGES = 25_000
_VERSION = "2.0"
_LARGEST_ID = 2**31 - 1
_UNREADABLE = "4002001"
_INVALID = "90000900"

CarryOut = Callable[[str, Json], Sequence[Mapping[str, object]]]
"""Patches a SKU and returns the issues that speak against it."""


class UnreadableFeedError(Exception):
    """The document as a whole can't be processed."""


@dataclass(frozen=True, slots=True)
class Message:
    """`problem`: why it can't be carried out, whatever the listing."""

    message_id: int
    sku: str
    patch: Json = field(default_factory=dict)
    problem: str | None = None


@dataclass(slots=True)
class Report:
    """What became of a feed's messages."""

    processed: int = 0
    invalid: int = 0
    issues: list[Json] = field(default_factory=list)

    def refuse(self, message: Message, said: Sequence[Mapping[str, object]]) -> None:
        self.invalid += 1
        about: Json = {"messageId": message.message_id, "sku": message.sku}
        self.issues += [about | {"severity": "ERROR"} | dict(each) for each in said]

    def printed(self, seller_id: str, feed_id: str) -> bytes:
        """The document, in UTF-8."""
        content = {
            "header": {"sellerId": seller_id, "version": _VERSION, "feedId": feed_id},
            "issues": self.issues,
            "summary": {
                "errors": len(self.issues),
                "warnings": 0,
                "messagesProcessed": self.processed,
                "messagesAccepted": self.processed - self.invalid,
                "messagesInvalid": self.invalid,
            },
        }
        return json.dumps(content, ensure_ascii=False).encode()


def read_feed(document: bytes, seller_id: str) -> list[Message]:
    """Read a feed.

    Raises:
        UnreadableFeedError: it is no feed of this seller; nothing of it may be carried out.
    """
    try:
        feed = json.loads(document)
        header, messages = feed["header"], feed["messages"]
        sender = (header["sellerId"], header["version"])
    except (ValueError, TypeError, KeyError):
        raise UnreadableFeedError("The feed can't be parsed: it needs a header and messages.") from None
    if sender != (seller_id, _VERSION):
        raise UnreadableFeedError(f"The header must name the seller of the token and version {_VERSION}.")
    if not isinstance(messages, list) or not 0 < len(messages) <= MOST_MESSAGES:
        raise UnreadableFeedError(f"A feed has 1 to {MOST_MESSAGES} messages.")
    read = [_read_message(each) for each in messages]
    if len({message.message_id for message in read}) < len(read):
        raise UnreadableFeedError("Every message needs a messageId of its own.")
    return read


def carry_out(messages: Sequence[Message], patch: CarryOut) -> Report:
    """Carry out every message that can be."""
    report = Report(len(messages))
    for message in messages:
        problems = [{"code": _INVALID, "message": message.problem}] if message.problem else None
        said = problems or _told(patch, message)
        if said:
            report.refuse(message, said)
    return report


def of_unreadable(error: UnreadableFeedError) -> Report:
    """The report of a feed of which nothing was carried out."""
    return Report(issues=[{"code": _UNREADABLE, "severity": "ERROR", "message": str(error)}])


def _told(patch: CarryOut, message: Message) -> list[Json]:
    told: list[Json] = []
    for each in patch(message.sku, message.patch):
        names = each.get("attributeNames")
        attribute = {"attributeName": str(names[0])} if isinstance(names, list) and names else {}
        told.append({"code": each["code"], "message": each["message"]} | attribute)
    return told


def _read_message(message: object) -> Message:
    known = message if isinstance(message, dict) else {}
    message_id, sku = known.get("messageId"), known.get("sku")
    is_number = isinstance(message_id, int) and not isinstance(message_id, bool) and 0 < message_id <= _LARGEST_ID
    if not is_number or not isinstance(sku, str) or not sku:
        raise UnreadableFeedError("Every message needs a messageId above 0 and a sku.")
    if known.get("operationType") != "PATCH":
        return Message(int(known["messageId"]), sku, problem="Only the operation type PATCH is served here.")
    if "attributes" in known or "requirements" in known:
        return Message(int(known["messageId"]), sku, problem="A PATCH has neither attributes nor requirements.")
    return Message(int(known["messageId"]), sku, {name: known.get(name) for name in ("productType", "patches")})
