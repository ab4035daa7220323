"""Who writes for the account, how fast, and who listens: what the parts of a connector share."""

import dataclasses as dc

from connector_sdk.leader import Leader
from connector_sdk.notifications.notification_queue import Topic
from connector_sdk.notifications.notification_reader import Listener
from connector_sdk.token_bucket import TokenBucket


@dc.dataclass(frozen=True, slots=True)
class Lead:
    """`listeners`: who wants to hear of what, should the marketplace tell anything of its own accord."""

    leader: Leader
    bucket: TokenBucket
    listeners: dict[Topic, Listener] = dc.field(default_factory=dict)
