"""The list of behaviours. A connector's tests run each of them: `tests/conformance` of any connector shows how."""

from collections.abc import Awaitable, Callable, Mapping

from connector_sdk.conformance import crashes, orders, parcels, pushing, trouble, whole
from connector_sdk.conformance.rig import Rig

Behaviour = Callable[[Rig], Awaitable[None]]

BEHAVIOURS: Mapping[str, Behaviour] = {
    behaviour.__name__.replace("_", "-"): behaviour
    for behaviour in (
        pushing.newest_revision_wins,
        pushing.zeros_and_decreases_first,
        pushing.revisions_are_coalesced,
        pushing.one_rejection_stays_alone,
        pushing.duplicates_change_nothing,
        trouble.unknown_is_never_repeated_above_zero,
        trouble.throttling_slows_down_and_loses_nothing,
        trouble.refused_credentials_pause_the_channel,
        trouble.everything_arrives_in_spite_of_faults,
        crashes.a_kill_before_the_call_repeats_only_zeros,
        crashes.a_kill_after_the_call_doubles_nothing,
        crashes.a_kill_between_pages_loses_and_doubles_no_order,
        orders.late_and_repeated_orders_are_told_once,
        orders.the_watermark_is_never_early,
        parcels.a_parcel_is_confirmed_under_one_name,
        whole.it_works_between_kafka_and_the_marketplace,
    )
}
"""By a name that reads well in a table. Each takes a rig of its own and raises what it finds wrong."""
