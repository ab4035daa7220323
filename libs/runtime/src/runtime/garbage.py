"""How often Python looks for objects that are only kept by each other.

A batch makes tens of thousands of values and forgets them by their reference counts alone. By default Python looks
through the young ones after every 700 of them and finds nothing: that took a tenth of the ledger's time. What is alive
when a service has been put together lives as long as its process, and is never looked through again.
"""

import gc

_YOUNG = 50_000
"""Objects made and not yet forgotten: more than a batch leaves at any moment, some megabytes."""
_MIDDLE, _OLD = 20, 50


def collect_seldom() -> None:
    """To be called once, when all is put together."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
