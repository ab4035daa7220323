"""What httpx's transport looks for in every request."""

import importlib.util


def test_the_module_that_httpcore_imports_in_every_request_is_there() -> None:
    """A module that is missing is searched for on the disk anew each time, which took a tenth of a connector's time."""
    assert importlib.util.find_spec("sniffio")
