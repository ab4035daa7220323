import pytest
from fastapi import APIRouter
from pydantic import SecretStr
from runtime.access import needs, scope_of
from runtime.api_keys import ApiKeys, Scope
from runtime.settings import ServiceSettings, load

MASTER = SecretStr("master")
STOREFRONT, DESK = "storefront-key-0123456789", "desk-key-0123456789"


def test_each_key_is_for_its_scopes() -> None:
    keys = ApiKeys(MASTER, f"storefront:{STOREFRONT}:stock.write, stock.read; desk:{DESK}:*;")
    storefront, desk, master = keys.find(STOREFRONT), keys.find(DESK), keys.find("master")
    assert storefront is not None
    assert storefront.name == "storefront"
    assert storefront.scopes == frozenset({Scope.STOCK_READ, Scope.STOCK_WRITE})
    assert not storefront.allows(Scope.OPERATE)
    assert desk is not None
    assert desk.allows(Scope.OPERATE)
    assert master is not None
    assert all(master.allows(scope) for scope in Scope)


@pytest.mark.parametrize("given", ["", "nobody", "MASTER", STOREFRONT[:-1], "é"])
def test_any_other_key_is_nobodys(given: str) -> None:
    assert ApiKeys(MASTER, f"storefront:{STOREFRONT}:stock.read").find(given) is None


@pytest.mark.parametrize(
    ("written", "part"),
    [
        (f"storefront:{STOREFRONT}", "entry 1 is not like"),
        (f"a:{STOREFRONT}:*;{DESK}", "entry 2 is not like"),
        (f"Shop:{STOREFRONT}:*", "small letters"),
        ("shop:short:*", "openssl rand"),
        (f"shop:{STOREFRONT}:stock.raed", "shop has an unknown scope: there are stock.read"),
        (f"shop:{STOREFRONT}:", "unknown scope"),
        (f"shop:{STOREFRONT}:*;shop:{DESK}:*", "the same name is there twice"),
        (f"shop:{STOREFRONT}:*;desk:{STOREFRONT}:*", "the same key is there twice"),
    ],
)
def test_keys_that_can_not_be_read_stop_the_start_and_stay_secret(
    written: str, part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"API_KEY": "k", "KAFKA_BOOTSTRAP_SERVERS": "k:1", "DATABASE_URL": "postgresql://d/x", "PORT": "1"}
    for name, value in (environment | {"API_KEYS": written}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        load(ServiceSettings)
    told = capsys.readouterr().err
    assert "API_KEYS" in told
    assert part in told
    assert STOREFRONT not in told
    assert DESK not in told
    assert "short:" not in told


def test_a_route_keeps_what_it_declares() -> None:
    api = APIRouter()

    @api.get("/")
    @needs(Scope.OPERATE)
    async def declared() -> None: ...

    async def undeclared() -> None: ...

    assert (scope_of(declared), scope_of(undeclared)) == (Scope.OPERATE, None)
