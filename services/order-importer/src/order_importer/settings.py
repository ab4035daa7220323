"""What the order importer reads from its environment."""

from runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing beyond what every service reads."""

    port: int = 8004
