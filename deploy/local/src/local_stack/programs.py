"""The table of what the stack runs beside Kafka and Postgres, and the environment that ties the programs together."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local_stack.config import StackConfig
from local_stack.program import Program

SANDBOXES = {"sandbox-amazon": "sandbox.amazon", "sandbox-noon": "sandbox.noon"}
SERVICES = {
    "inventory": "inventory",
    "amazon-connector": "amazon_connector",
    "noon-connector": "noon_connector",
    "order-importer": "order_importer",
    "control": "control",
}
DEFAULT_API_KEY = "local-demo-key"
# These lead to a real marketplace, or take messages from one. Only the config's extra environment may set them here.
WITHHELD = ("AMAZON_SQS_QUEUE_URL", "NOON_SERVICE_ACCOUNT_FILE")
# Made up: the sandboxes know them, no marketplace does.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "AMAZON_CLIENT_ID": "amzn1.application-oa2-client.sandbox",
    "AMAZON_CLIENT_SECRET": "amzn1.oa2-cs.v1.sandbox",
    "AMAZON_REFRESH_TOKEN": "Atzr|sandbox",
    "AMAZON_SELLER_ID": "A1SANDBOXSELLER",
    "AMAZON_MARKETPLACE_ID": "ARBP9OOSHTCHU",
    "AMAZON_REGION": "eu-west-1",
    "NOON_DIALECT": "partner_v1",
    "NOON_PARTNER_ID": "sandbox-partner",
    "NOON_API_KEY": "sandbox-noon-key",
    "NOON_SECRET_KEY": "sandbox-noon-secret",
}


@dataclass(frozen=True)
class Programs:
    """What runs besides the infrastructure, in two groups: services are started last and stopped first."""

    sandboxes: tuple[Program, ...]
    services: tuple[Program, ...]


def mizan_programs(config: StackConfig) -> Programs:
    """The sandboxes and services of `config`."""
    return Programs(
        sandboxes=tuple(_program(config, name, module, "/_sandbox/state") for name, module in SANDBOXES.items()),
        services=tuple(_program(config, name, module, "/readyz") for name, module in SERVICES.items()),
    )


def shared_environment(config: StackConfig) -> dict[str, str]:
    """
    What every program gets beside its own PORT.

    The config's environment, then where everything is and the sandboxes' credentials, so that a local stack never
    speaks to a real marketplace. The config's extra environment wins over all.
    """
    inherited = {key: value for key, value in config.environment.items() if key not in WITHHELD}
    amazon, noon = config.url("sandbox-amazon"), config.url("sandbox-noon")
    return {
        "API_KEY": DEFAULT_API_KEY,
        **inherited,
        **SANDBOX_CREDENTIALS,
        "AMAZON_ENDPOINT": amazon,
        "AMAZON_LWA_URL": f"{amazon}/auth/o2/token",
        "NOON_API_URL": noon,
        "KAFKA_BOOTSTRAP_SERVERS": config.bootstrap_servers,
        "DATABASE_URL": config.database_url,
        "INVENTORY_URL": config.url("inventory"),
        "AMAZON_CONNECTOR_URL": config.url("amazon-connector"),
        "NOON_CONNECTOR_URL": config.url("noon-connector"),
        "ORDER_IMPORTER_URL": config.url("order-importer"),
        **config.extra_environment,
    }


def _program(config: StackConfig, name: str, module: str, ready_path: str) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-m", module),
        environment={**shared_environment(config), "PORT": str(config.ports[name])},
        port=config.ports[name],
        ready_url=config.url(name) + ready_path,
    )
