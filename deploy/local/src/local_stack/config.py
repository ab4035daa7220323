"""Where the local stack keeps its state, which ports it uses, and what it needn't start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from local_stack.errors import StackError
from local_stack.ports import DEFAULT_PORTS, HOST, free_ports, variable_of

STATE_FOLDER_VARIABLE = "MIZAN_STACK_FOLDER"
_LARGEST_PORT = 65_535
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """
    One local stack.

    Attributes:
        folder: all state: data of Kafka and Postgres, logs, state.json.
        ports: by program name, see `ports.DEFAULT_PORTS`.
        cache: where Kafka's jars are kept, shared by all stacks of this user.
        environment: what the programs inherit.
        extra_environment: set for every program, over everything else.
        external_kafka: bootstrap servers that run already; None starts Kafka.
        external_database: URL of a database that runs already; None starts Postgres.
        throwaway: the data needn't survive a crash of the machine (tests): quicker.
        postgres_settings: of the server that is started here, over its defaults.
    """

    folder: Path
    ports: Mapping[str, int]
    cache: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    external_kafka: str | None = None
    external_database: str | None = field(default=None, repr=False)
    throwaway: bool = False
    postgres_settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, folder: Path | None = None) -> "StackConfig":
        """
        The stack of `make up`: the default ports, each overridable, under var/stack.

        Raises:
            StackError: a port in the environment is no port number.
        """
        named = environment.get(STATE_FOLDER_VARIABLE)
        return cls(
            folder=folder or (Path(named).resolve() if named else repository() / "var" / "stack"),
            ports={name: _port(environment, name, default) for name, default in DEFAULT_PORTS.items()},
            cache=_cache_folder(environment),
            environment=environment,
            external_kafka=environment.get("KAFKA_BOOTSTRAP_SERVERS") or None,
            external_database=environment.get("DATABASE_URL") or None,
        )

    @classmethod
    def on_free_ports(
        cls, folder: Path, environment: Mapping[str, str], *, extra_environment: Mapping[str, str] = _NOTHING
    ) -> "StackConfig":
        """A stack for tests: throwaway data, ports that nothing uses; what the environment names is used here too."""
        return cls(
            folder=folder,
            ports=free_ports(DEFAULT_PORTS),
            cache=_cache_folder(environment),
            environment=environment,
            extra_environment=extra_environment,
            external_kafka=environment.get("KAFKA_BOOTSTRAP_SERVERS") or None,
            external_database=environment.get("DATABASE_URL") or None,
            throwaway=True,
        )

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def bootstrap_servers(self) -> str:
        return self.external_kafka or f"{HOST}:{self.ports['kafka']}"

    @property
    def database_url(self) -> str:
        return self.external_database or f"postgresql://mizan@{HOST}:{self.ports['postgres']}/mizan"

    def url(self, name: str) -> str:
        """Where the HTTP server of `name` listens, without a slash at the end."""
        return f"http://{HOST}:{self.ports[name]}"

    def own_ports(self) -> dict[str, int]:
        """The ports that this stack itself listens on."""
        ports = dict(self.ports)
        if self.external_kafka:
            del ports["kafka"], ports["kafka-controller"]
        if self.external_database:
            del ports["postgres"]
        return ports


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(variable_of(name)) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= _LARGEST_PORT:
        raise StackError(f"{variable_of(name)}={text} is no port: give a number from 1 to {_LARGEST_PORT}")
    return int(text)


def _cache_folder(environment: Mapping[str, str]) -> Path:
    if named := environment.get("MIZAN_CACHE"):
        return Path(named).resolve() / "mizan"
    if named := environment.get("XDG_CACHE_HOME"):
        return Path(named).resolve() / "mizan"
    return Path.home() / ".cache" / "mizan"


def repository() -> Path:
    """The root of the work tree: this member is only ever installed editable, from there."""
    return Path(__file__).resolve().parents[4]
