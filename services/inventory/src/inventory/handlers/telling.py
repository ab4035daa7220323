"""Tell others: targets, with the figures behind them, and incidents."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import contracts
from runtime.logs import get_logger
from runtime.metrics import INCIDENTS, TARGETS
from runtime.work import Work

from inventory.domain.explaining import explain_target
from inventory.domain.incidents import Incident
from inventory.domain.targets import Target

_log = get_logger(__name__)


def tell(
    targets: Sequence[Target],
    work: Work,
    causes: Mapping[str, contracts.AnyEvent],
    at_rest: AbstractSet[str] = frozenset(),
) -> None:
    """`causes` are by SKU; `at_rest` are SKUs that are only brought to their plain allocation."""
    for target in targets:
        explanation = explain_target(target) | ({"at_rest": True} if target.sku in at_rest else {})
        work.publish(_event(target, explanation), cause=causes.get(target.sku))
        work.count(TARGETS, channel=target.offer.channel, urgency=target.urgency.value)


def tell_incident(incident: Incident, work: Work) -> None:
    """Log and count it."""
    _log.warning(
        "incident",
        cause=incident.cause,
        sku=incident.sku,
        channel=incident.channel,
        units=incident.units,
        event_id=incident.event_id,
    )
    work.count(INCIDENTS, channel=incident.channel or "none", cause=incident.cause)


def _event(target: Target, explanation: Mapping[str, Any]) -> contracts.StockTarget:
    return contracts.StockTarget(
        channel=target.offer.channel,
        sku=target.sku,
        external_sku=target.offer.external_sku,
        quantity=target.quantity,
        revision=target.revision,
        live_above=target.live_above,
        urgency=contracts.Urgency(target.urgency),
        explanation=dict(explanation),
    )
