"""What the pusher works on: the rows of one kind of write, and what is told about them."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from runtime.work import Work

from connector_sdk.attempts.asked import Kind
from connector_sdk.calls import Call, Operation
from connector_sdk.channel_state import Part
from connector_sdk.marketplace import LineResult
from connector_sdk.push_policy import PushPolicy
from connector_sdk.submission import Answered, P


class PushQueue(Protocol[P]):
    """The rows hold the newest desired revision of each SKU. Methods with a `work` act in its transaction."""

    @property
    def part(self) -> Part:
        """What the marketplace refuses where it refuses these writes."""
        ...

    @property
    def kind(self) -> Kind:
        """Of the attempts at these writes."""
        ...

    @property
    def policy(self) -> PushPolicy: ...

    @property
    def operation(self) -> Operation[P]: ...

    async def take_over(self, work: Work, term: str) -> None:
        """A new leader begins: take back what earlier ones had in flight."""
        ...

    async def claim(self, work: Work, most: int, term: str) -> Sequence[P]:
        """Put the most urgent due rows in flight; none while the channel is paused."""
        ...

    def in_order(self, pushes: Sequence[P]) -> list[P]:
        """The most urgent first."""
        ...

    def settle(self, push: P, result: LineResult, now: dt.datetime) -> Answered[P]:
        """What one answer makes of its row."""
        ...

    async def note(self, work: Work, calls: Sequence[Call[P]], answers: Sequence[Answered[P]], term: str) -> None:
        """Keep what the calls of this term came to, and tell it."""
        ...

    async def recover(self, work: Work, *, is_outage_over: bool) -> None:
        """The marketplace works again, after an outage or else after a refusal: end every back-off."""
        ...

    async def release(self, work: Work, not_submitted: Sequence[P], term: str) -> None:
        """Give back what was claimed and not submitted."""
        ...
