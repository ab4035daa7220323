"""How often listings are compared with what the marketplace shows."""

import dataclasses as dc
import datetime as dt


@dc.dataclass(frozen=True, slots=True)
class Rhythm:
    """`period`: from the start of one comparison of all listings to that of the next.

    `confirm_after`: from a reading that is doubted to the second. `ceiling`: from accepted to live at the longest.
    """

    period: dt.timedelta
    confirm_after: dt.timedelta
    ceiling: dt.timedelta
