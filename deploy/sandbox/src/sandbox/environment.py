"""Reading the environment: everything that is missing or wrong is said at once."""

from collections.abc import Mapping


class EnvironmentVariablesError(Exception):
    """Variables are missing or unreadable; the message names every one."""


class Environment:
    """Environment variables, read one by one; `check` then reports whatever was wrong with them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._missing: list[str] = []
        self._wrong: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Read a text; required when there is no default. Set but empty counts as not set."""
        value = self._values.get(name) or default
        if value is None:
            self._missing.append(name)
            return ""
        return value

    def optional(self, name: str) -> str:
        """Read a text that may be missing."""
        return self._values.get(name) or ""

    def number(self, name: str, default: int) -> int:
        """Read a whole number that is not negative."""
        value = self._values.get(name) or str(default)
        if not (value.isascii() and value.isdigit()):
            self._wrong.append(f"{name} must be a whole number, not {value!r}")
            return default
        return int(value)

    def seed(self) -> int | None:
        """Read SANDBOX_SEED, which makes the faults repeat themselves; None when it is not set."""
        return self.number("SANDBOX_SEED", 0) if self._values.get("SANDBOX_SEED") else None

    def check(self) -> None:
        """Report what was wrong.

        Raises:
            EnvironmentVariablesError: something was.
        """
        missing = [f"set {', '.join(self._missing)}"] if self._missing else []
        if missing or self._wrong:
            raise EnvironmentVariablesError("; ".join(missing + self._wrong))
