"""Plugging credentials into a connector: they are loaded before it starts, watched, and can be sent to it."""

from collections.abc import Callable

from runtime.loops import Loop
from runtime.service import Service

from connector_sdk.account_check import AccountCheck
from connector_sdk.credentials.account_credentials import Credentials
from connector_sdk.credentials.renewal import Renewal
from connector_sdk.credentials.routes import CredentialRoutes
from connector_sdk.credentials.vault import Vault
from connector_sdk.settings import ConnectorSettings


def plug_in_credentials(
    service: Service,
    settings: ConnectorSettings,
    credentials: Credentials,
    check: AccountCheck,
    read_orders: Callable[[], None],
) -> None:
    """`read_orders` has the orders read at once."""
    vault = Vault.of(settings.credentials_key)
    renewal = Renewal(credentials, vault, check, service.worker, read_orders=read_orders)
    loop = Loop("credentials", renewal.step, stale_after=120.0)
    service.prepare(renewal.load)
    check.leader.on_desire("credentials", loop.wake, by_name_only=True)
    service.repeat(loop)
    service.probe("stored-credentials", renewal.check)
    service.serve(CredentialRoutes(check.account.channel, credentials, vault, renewal).router())
