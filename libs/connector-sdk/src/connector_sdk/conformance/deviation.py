"""How a behaviour says that a connector does not have it."""


class DeviationError(AssertionError):
    """The connector does something else; the message says what."""


def expect(is_so: object, said: str) -> None:
    """Go on if it is so.

    Raises:
        DeviationError: it is not; `said` tells what was found instead.
    """
    if not is_so:
        raise DeviationError(said)
