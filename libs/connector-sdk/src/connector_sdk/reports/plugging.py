"""Plugging reports into a connector whose marketplace has them."""

import functools
from collections.abc import Sequence

from runtime.loops import Loop
from runtime.service import Service
from runtime.work import Work

from connector_sdk.account import Account
from connector_sdk.lead import Lead
from connector_sdk.notifications.notification_queue import Notification, Topic
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
    lead.listeners[Topic.REPORT] = functools.partial(look_now, loop)


async def look_now(loop: Loop, notifications: Sequence[Notification], work: Work) -> int:
    """Have the report that is waited for looked at; reports of others are ignored."""
    report = await report_table.unfinished(work.connection)
    told = sum(report is not None and each.subject == report.external_report_id for each in notifications)
    if told:
        loop.wake()
    return told
