"""Whether the account may sell: asked at the start, and again now and then."""

import asyncio
import dataclasses as dc

from runtime.backoff import delay
from runtime.logs import get_logger
from runtime.loops import Step
from runtime.work import Worker

from connector_sdk import channel_state
from connector_sdk.account import Account
from connector_sdk.channel_state import Part
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.marketplace import Marketplace, MarketplaceError, Outcome
from connector_sdk.observed_call import CHECK_ACCOUNT, ObservedCall

_CALL_SECONDS = 30.0
_GOOD_SECONDS = 3600.0
_REFUSED_SECONDS = 300.0
_HELD_SECONDS = 0.2
_LONGEST_FAILURES = 6
"""After so many tries in vain writing begins all the same: most likely only this question goes unanswered."""

_log = get_logger(__name__)


@dc.dataclass(frozen=True, slots=True)
class Verdict:
    """What the marketplace thinks of our credentials and our account. `detail` is one line for people."""

    ok: bool
    outcome: Outcome
    detail: str


class AccountCheck:
    """One round is `step`. Works only while this process leads the account.

    Where the account may not sell, nothing is written until it may. Refused credentials are left to those who write and
    read, which find out sooner that they are accepted again.
    """

    def __init__(self, account: Account, marketplace: Marketplace, worker: Worker, leader: Leader) -> None:
        self.account = account
        self._marketplace = marketplace
        self._worker = worker
        self.leader = leader
        self._is_answered = not marketplace.capabilities().account_check
        self._failures = 0

    def first(self, step: Step) -> Step:
        """`step`, held back until the marketplace has said whether the account may sell."""

        async def held() -> float:
            return await step() if self._is_answered else _HELD_SECONDS

        return held

    async def step(self) -> float:
        if await self.leader.lead() is None:
            return STANDBY_SECONDS
        try:
            refused = await self.ask()
        except (MarketplaceError, TimeoutError) as error:
            return self._on_error(error)
        self._failures = 0
        return _REFUSED_SECONDS if refused else _GOOD_SECONDS

    async def ask(self) -> str | None:
        """Why the account may not sell, None if nothing speaks against it; the channel is switched accordingly.

        Raises:
            MarketplaceError, TimeoutError: the marketplace could not be asked, or refuses the credentials.
        """
        with ObservedCall(CHECK_ACCOUNT, self._worker.telemetry.measurements):
            async with asyncio.timeout(_CALL_SECONDS):
                refused = await self._marketplace.check_account()
        async with self._worker.begin() as work:
            before = (await channel_state.read(work.connection)).account_refused
            await channel_state.set_refused(work, self.account.channel, Part.ACCOUNT, refused)
        self._is_answered = True
        if refused and refused != before:
            _log.error(f"the account may not sell, nothing is written: {refused}", channel=self.account.channel)
        elif before and not refused:
            _log.info("the account may sell again", channel=self.account.channel)
        return refused

    async def verdict(self) -> Verdict:
        """Ask as above, and put the answer, or that there is none, in words."""
        try:
            refused = await self.ask()
        except MarketplaceError as error:
            hint = f": check {', '.join(self.account.credentials)}" if error.outcome is Outcome.UNAUTHORISED else ""
            return Verdict(ok=False, outcome=error.outcome, detail=f"{error}{hint}")
        except TimeoutError:
            return Verdict(ok=False, outcome=Outcome.UNKNOWN, detail="the marketplace did not answer in time")
        outcome = Outcome.REJECTED if refused else Outcome.ACCEPTED
        return Verdict(ok=refused is None, outcome=outcome, detail=refused or "the account works")

    def _on_error(self, error: MarketplaceError | TimeoutError) -> float:
        self._failures += 1
        is_refused = isinstance(error, MarketplaceError) and error.outcome is Outcome.UNAUTHORISED
        self._is_answered = self._is_answered or is_refused or self._failures >= _LONGEST_FAILURES
        _log.warning("account not checked, will retry", attempt=self._failures, error=str(error))
        if is_refused:
            return _REFUSED_SECONDS
        wait = error.retry_after if isinstance(error, MarketplaceError) else None
        return max(wait or 0.0, delay(self._failures, first=1.0, longest=60.0))
