"""What control reads from its environment."""

from pydantic import AnyHttpUrl
from runtime.settings import ServiceSettings

from control.addresses import Address


class Settings(ServiceSettings):
    """Where the other services answer."""

    port: int = 8000
    inventory_url: AnyHttpUrl
    amazon_connector_url: AnyHttpUrl
    noon_connector_url: AnyHttpUrl
    order_importer_url: AnyHttpUrl

    @property
    def services(self) -> tuple[Address, ...]:
        """The services that control looks after."""
        urls = {
            "inventory": self.inventory_url,
            "amazon-connector": self.amazon_connector_url,
            "noon-connector": self.noon_connector_url,
            "order-importer": self.order_importer_url,
        }
        return tuple(
            Address(name, f"{name.replace('-', '_').upper()}_URL", str(url).rstrip("/")) for name, url in urls.items()
        )
