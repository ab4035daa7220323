"""A loop that tidies up when it ends, while the service still drains."""

from collections.abc import Awaitable, Callable

from runtime.loops import Loop, Step


class ClosingLoop(Loop):
    """Calls `close` once its last round is over, so that what `close` publishes is still sent.

    `interrupt`, if given, is called when the loop is told to stop, and ends a round that only waits.
    """

    def __init__(
        self,
        name: str,
        step: Step,
        close: Callable[[], Awaitable[None]],
        *,
        stale_after: float,
        interrupt: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(name, step, stale_after=stale_after)
        self._close = close
        self._interrupt = interrupt

    def stop(self) -> None:
        super().stop()
        if self._interrupt:
            self._interrupt()

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            await self._close()
