"""When a report is worth it, and when it is given up."""

import dataclasses as dc
import datetime as dt
import enum

from connector_sdk.settings import ConnectorSettings

_LONGEST_LEAD = dt.timedelta(minutes=10)


class Fate(enum.StrEnum):
    """How a report ended. Of any but DONE nothing is used, and listings are asked about a few at a time."""

    DONE = "done"
    FATAL = "fatal"
    CANCELLED = "cancelled"
    STUCK = "stuck"
    REFUSED = "refused"
    UNUSABLE = "unusable"


@dc.dataclass(frozen=True, slots=True)
class ReportPolicy:
    """`above`: so many listings are asked about a few at a time. `poll`: between two looks at a report.

    `stuck`: for how long a report is waited for. `pause`: between the requests of two reports, whatever became of the
    first. `period`: of the comparison of all listings.
    """

    above: int = 1000
    poll: dt.timedelta = dt.timedelta(seconds=30)
    stuck: dt.timedelta = dt.timedelta(seconds=3600)
    pause: dt.timedelta = dt.timedelta(seconds=1800)
    period: dt.timedelta = dt.timedelta(seconds=3600)

    @classmethod
    def of(cls, settings: ConnectorSettings) -> "ReportPolicy":
        return cls(
            above=settings.listings_by_report_above,
            poll=dt.timedelta(seconds=settings.report_poll_seconds),
            stuck=dt.timedelta(seconds=settings.report_stuck_seconds),
            pause=dt.timedelta(seconds=settings.report_pause_seconds),
            period=dt.timedelta(seconds=settings.reconcile_seconds),
        )

    @property
    def lead(self) -> dt.timedelta:
        """How long before a comparison of all listings its report is asked for."""
        return min(_LONGEST_LEAD, self.period / 4)
