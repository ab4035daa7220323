"""Keeps the credentials in force in step with those that are stored, in every replica and without a restart."""

import asyncio
from collections.abc import Callable, Mapping

from pydantic import SecretStr
from runtime.backoff import delay
from runtime.errors import CannotStartError
from runtime.health import Check
from runtime.logs import get_logger
from runtime.work import Worker

from connector_sdk import channel_state, price_pushes, pushes, shipments
from connector_sdk.account_check import AccountCheck, Verdict
from connector_sdk.channel_state import Part
from connector_sdk.credentials import credential_table
from connector_sdk.credentials.account_credentials import Credentials, Stored
from connector_sdk.credentials.credential_table import Row
from connector_sdk.credentials.vault import Vault, WrongKeyError
from connector_sdk.marketplace import Outcome

_IDLE_SECONDS = 30.0
"""Beneath the wake-up by NOTIFY."""
_UNANSWERED = frozenset({Outcome.RETRY, Outcome.UNKNOWN})
_HURRY = {Part.STOCK: pushes.hurry, Part.PRICES: price_pushes.hurry, Part.SHIPMENTS: shipments.hurry}

_log = get_logger(__name__)


class Renewal:
    """`load` at the start, then one round is `step`; `store` is for whoever brings new credentials."""

    def __init__(
        self,
        credentials: Credentials,
        vault: Vault | None,
        check: AccountCheck,
        worker: Worker,
        *,
        read_orders: Callable[[], None] = lambda: None,
    ) -> None:
        """`read_orders` is called when orders may be readable again, or when that is to be found out."""
        self._credentials = credentials
        self._vault = vault
        self._check = check
        self._worker = worker
        self._read_orders = read_orders
        self._rows: dict[str, Row] = {}
        self._opened: dict[str, Stored] = {}
        self._is_asked = True
        self._failures = 0
        self._error: str | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Take what is stored into use, and seal anew what an older key has sealed; say so where nothing is known.

        Raises:
            CannotStartError: it can't be opened; the message says what to do.
        """
        async with self._worker.begin() as work:
            rows = await credential_table.read(work.connection)
            try:
                opened = self._open(rows)
            except WrongKeyError:
                raise CannotStartError(self._advice(rows)) from None
            for name, each in opened.items():
                if self._vault and not self._vault.is_current(rows[name].sealed):
                    anew = self._vault.seal(name, each.value)
                    await credential_table.seal_anew(work.connection, name, rows[name].sealed, anew)
                    rows[name] = rows[name]._replace(sealed=anew)
            self._use(rows, opened)
            if problem := self._credentials.problem:
                _log.error(problem, channel=self._check.account.channel)
                await channel_state.set_refused(work, self._check.account.channel, Part.ORDERS, problem)

    async def store(self, vault: Vault, changes: Mapping[str, SecretStr | None]) -> Verdict:
        """Keep new values and forget those that are None, use them, and ask the marketplace what it thinks of them."""
        sealed = {name: vault.seal(name, value) for name, value in changes.items() if value is not None}
        forgotten = [name for name, value in changes.items() if value is None]
        async with self._worker.begin() as work:
            await credential_table.store(work.connection, sealed, forgotten, work.now)
        _log.info("credentials changed", stored=sorted(sealed), forgotten=sorted(forgotten))
        async with self._lock:
            await self._take_in()
            if self._error is not None:
                return Verdict(ok=False, outcome=Outcome.UNKNOWN, detail=f"stored, but not in force: {self._error}")
            return await self._ask()

    async def step(self) -> float:
        async with self._lock:
            await self._take_in()
            if not self._is_asked:
                await self._ask()
        return _IDLE_SECONDS if self._is_asked else delay(self._failures, first=1.0, longest=60.0)

    async def check(self) -> Check:
        return Check(ok=self._error is None, detail=self._error or "ok")

    async def _take_in(self) -> None:
        """What cannot be opened is not taken: the credentials in force stay, and the readiness says so."""
        async with self._worker.begin() as work:
            rows = await credential_table.read(work.connection)
        if rows == self._rows:
            return
        try:
            opened = self._open(rows)
        except WrongKeyError:
            if self._error is None:
                _log.error("credentials were stored that can't be opened", error=self._advice(rows))
            self._error = self._advice(rows)
            return
        # A value that was only sealed anew is none that the marketplace has to be asked about.
        self._is_asked = self._is_asked and opened == self._opened
        self._error = None
        self._use(rows, opened)

    async def _ask(self) -> Verdict:
        """Refused credentials are left to those who write and read; where nobody answered, ask again."""
        verdict = await self._check.verdict()
        self._is_asked = verdict.outcome not in _UNANSWERED
        self._failures = 0 if self._is_asked else self._failures + 1
        if verdict.ok:
            await self._lift()
        elif verdict.outcome is Outcome.UNAUTHORISED:
            self._read_orders()
        return verdict

    async def _lift(self) -> None:
        """The marketplace takes our credentials: write again what it has refused."""
        async with self._worker.begin() as work:
            switches = await channel_state.read(work.connection)
            lifted = [part for part in _HURRY if switches.of(part) is not None]
            for part in lifted:
                await channel_state.set_refused(work, self._check.account.channel, part, None)
                await _HURRY[part](work.connection, work.now)
            if lifted:
                await channel_state.wake_all(work.connection)
        if switches.orders_refused is not None:
            self._read_orders()

    def _use(self, rows: dict[str, Row], opened: dict[str, Stored]) -> None:
        self._rows, self._opened = rows, opened
        self._credentials.replace(opened)

    def _open(self, rows: Mapping[str, Row]) -> dict[str, Stored]:
        wanted = {name: row for name, row in rows.items() if name in self._credentials.names}
        if wanted and self._vault is None:
            raise WrongKeyError(*wanted)
        return {
            name: Stored(self._vault.open(name, row.sealed), row.stored_at)
            for name, row in wanted.items()
            if self._vault is not None
        }

    def _advice(self, rows: Mapping[str, Row]) -> str:
        names = ", ".join(name for name in rows if name in self._credentials.names)
        problem = "does not open the stored credentials" if self._vault else "is not set, but credentials are stored"
        return (
            f"CREDENTIALS_KEY {problem} ({names}): set the key that they were stored with (a newer one may stand "
            "before it, with a comma), or delete them from the table credentials to go by the environment"
        )
