"""What is truly in stock, and what becomes of the buyers."""

from collections.abc import Mapping

from inventory.simulation.result import Oversale, Result


class Shop:
    """Counts into `result`. Nothing that decides may look into it: it knows more than the inventory can."""

    def __init__(self, stock: Mapping[str, int], result: Result) -> None:
        self.result = result
        self._left = dict(stock)

    def deliver(self, sku: str) -> bool:
        """A unit is sold. Answers whether it existed."""
        self.result.sold += 1
        if self._left[sku] > 0:
            self._left[sku] -= 1
            return True
        self.result.oversold += 1
        return False

    def turn_away(self, sku: str) -> None:
        """A buyer gets nothing; where nothing is left, that is nobody's fault."""
        self.result.refused += self._left[sku] > 0

    def left(self) -> int:
        """Units of all SKUs that nobody has bought."""
        return sum(self._left.values())

    def explain(self, oversale: Oversale) -> None:
        self.result.oversales.append(oversale)
