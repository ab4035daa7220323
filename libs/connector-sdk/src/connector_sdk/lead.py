"""Who writes for the account, and how fast: what those share that write."""

import dataclasses as dc

from connector_sdk.leader import Leader
from connector_sdk.token_bucket import TokenBucket


@dc.dataclass(frozen=True, slots=True)
class Lead:
    leader: Leader
    bucket: TokenBucket
