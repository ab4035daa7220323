"""The work behind `mizan replay`."""

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.clock import system_clock

from control.kafka_reading import Cluster
from control.replay.copying import Replay
from control.replay.failed import ask_connectors, lines
from control.replay.group_lag import wait_for_group
from control.replay.plan import Plan, Request, bound, check_sku
from control.replay.progress import Shown
from control.replay.state_file import StateFile
from control.running import WrongUseError, run
from control.topic_names import check_group, topic_named


@dc.dataclass(frozen=True, slots=True)
class Asked:
    """The options as the user gave them."""

    topic: str
    group: str | None = None
    since: str | None = None
    until: str | None = None
    sku: str | None = None

    def request(self) -> Request:
        """The options, understood and checked.

        Raises:
            WrongUseError: one of the options can't be.
        """
        topic = topic_named(self.topic)
        check_group(topic, self.group)
        check_sku(topic, self.sku)
        return Request(topic.name, bound(self.since, "--from"), bound(self.until, "--to"), self.sku)


@dc.dataclass(frozen=True, slots=True)
class Outcome:
    """What to print, for programs and for people."""

    document: Mapping[str, Any]
    lines: Sequence[str]
    ok: bool = True


def replay(asked: Asked, environment: Mapping[str, str], *, dry_run: bool) -> Outcome:
    """Send the range again, or with `dry_run` count it. Ends the command where it can't."""
    stopped = ["stopped: the same command goes on where this one stopped"]

    async def work() -> Outcome:
        request, cluster = asked.request(), Cluster.named_by(environment)
        state = StateFile(request, f"{cluster.bootstrap_servers}/{cluster.prefix}", environment)
        has_begun = state.path.exists()
        with Shown(request.topic, dry_run=dry_run) as shown:
            one = Replay(cluster, request, state, system_clock, shown)
            plan = await (one.count() if dry_run else one.run())
            if asked.group and not dry_run:
                stopped.append(f"stopped: all {plan.sent} are sent, but {asked.group} was not seen to have read them")
                shown.waits_for(asked.group)
                await wait_for_group(cluster, asked.group, request.topic, plan)
        return _told(request.topic, plan, resumed=has_begun, dry_run=dry_run)

    return run(work, if_stopped=lambda: stopped[-1])


def _told(topic: str, plan: Plan, *, resumed: bool, dry_run: bool) -> Outcome:
    document = {
        "topic": topic,
        "dry_run": dry_run,
        "resumed": resumed,
        "replay_id": plan.replay_id,
        "started_at": plan.started_at,
        "records": plan.total,
        "sent": plan.sent,
        "partitions": {
            number: {"start": part.start, "end": part.end, "sent": part.sent} for number, part in plan.parts.items()
        },
    }
    verb = "would send" if dry_run else "sent"
    more = f" (going on with the replay begun at {plan.started_at})" if resumed else ""
    return Outcome(document, [f"{topic}: {verb} {plan.sent} of {plan.total} records again{more}"])


def tell_failed_again(asked: Asked, environment: Mapping[str, str], *, dry_run: bool) -> Outcome:
    """Have the connectors ask for new targets of what has failed."""

    async def work() -> Outcome:
        request = asked.request()
        if request.topic != "channel.stock.target":
            raise WrongUseError(f"--failed is for channel.stock.target, not for {request.topic}")
        if asked.group or asked.since or asked.until:
            raise WrongUseError("--failed takes --sku, --dry-run and --json only: it sends no range")
        answers = await ask_connectors(environment, request.sku, dry_run=dry_run)
        ok = all("error" not in answer for answer in answers)
        return Outcome({"dry_run": dry_run, "channels": answers}, lines(answers), ok)

    return run(work)
