import pytest
from control.settings import Settings
from runtime.settings import load


def test_every_missing_address_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INVENTORY_URL", "AMAZON_CONNECTOR_URL", "NOON_CONNECTOR_URL", "ORDER_IMPORTER_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as stopped:
        load(Settings)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert all(f"{name}_URL" in said for name in ("INVENTORY", "AMAZON_CONNECTOR", "NOON_CONNECTOR", "ORDER_IMPORTER"))
