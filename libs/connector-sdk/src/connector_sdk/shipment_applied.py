"""What is published about a parcel. An event's id follows from the parcel, its version and the status."""

import uuid

from contracts import AppliedStatus, Issue, ShipmentApplied
from runtime.work import Work

from connector_sdk.shipments import ShipmentPush, Told

NO_SHIPMENTS = Issue(
    code="NoShipments",
    message="this channel's API can't be told of parcels: confirm them there by hand",
    severity="info",
)
_NAMESPACE = uuid.UUID("0f9c1f6e-7b1d-5c43-8a55-0f0e9f4b6a21")


def tell(work: Work, channel: str, push: ShipmentPush, status: AppliedStatus, *issues: Issue) -> None:
    """Publish what is known of a version's confirmation."""
    data = ShipmentApplied(
        channel=channel,
        external_order_id=push.external_order_id,
        package_id=push.package.package_id,
        status=status,
        issues=issues,
    )
    work.publish(data, cause=push.cause, event_id=_id(channel, *push.key, str(push.version), status))


def tell_overtaken(work: Work, channel: str, push: ShipmentPush) -> None:
    """Publish the end of a version that a newer one has replaced before its answer was known.

    Superseded if it was never submitted; else nobody knows whether the marketplace had it for a while, which is said
    once.
    """
    if push.attempts == 0:
        tell(work, channel, push, AppliedStatus.SUPERSEDED)
    elif not push.is_unknown_told:
        tell(work, channel, push, AppliedStatus.UNKNOWN)


def passed_over(told: Told) -> ShipmentApplied:
    """The end of a version that came together with a newer one and so was never kept."""
    return _of(told, AppliedStatus.SUPERSEDED)


def unsupported(told: Told) -> ShipmentApplied:
    """Says that this channel can't do it."""
    return _of(told, AppliedStatus.UNSUPPORTED, NO_SHIPMENTS)


def id_of(told: Told) -> str:
    """The id of the one event about a version that is never submitted."""
    return _id(told.event.data.channel, *told.key, told.event.id)


def _of(told: Told, status: AppliedStatus, *issues: Issue) -> ShipmentApplied:
    order = told.event.data
    return ShipmentApplied(
        channel=order.channel,
        external_order_id=order.external_order_id,
        package_id=told.package.package_id,
        status=status,
        issues=issues,
    )


def _id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))
