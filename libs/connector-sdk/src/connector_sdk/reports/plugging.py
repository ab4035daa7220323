"""Plugging reports into a connector whose marketplace has them."""

import functools

from runtime.loops import Loop
from runtime.service import Service
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.account import Account
from connector_sdk.lead import Lead
from connector_sdk.notifications.notification_queue import Topic
from connector_sdk.notifications.wake_up import look_now
from connector_sdk.reports import report_table
from connector_sdk.reports.listing_report import ListingReporter
from connector_sdk.reports.report_policy import ReportPolicy
from connector_sdk.reports.report_runner import ReportRunner
from connector_sdk.settings import ConnectorSettings


def plug_in_reports(
    service: Service, settings: ConnectorSettings, account: Account, reporter: ListingReporter, lead: Lead
) -> None:
    """Know big accounts by reports; a notification that one has ended makes it be looked at now."""
    runner = ReportRunner(account, reporter, service.worker, lead.leader, ReportPolicy.of(settings))
    loop = Loop("listing-reports", runner.step, stale_after=600.0)
    service.repeat(loop)
    lead.listeners[Topic.REPORT] = functools.partial(look_now, loop, waited_for)


async def waited_for(connection: AsyncConnection) -> str | None:
    """The marketplace's id of the report that has not ended yet."""
    report = await report_table.unfinished(connection)
    return report.external_report_id if report else None
