import datetime as dt

import pytest
from connector_sdk.credentials.account_credentials import Credentials, Known, Source, Stored
from connector_sdk.credentials.routes import read_changes
from connector_sdk.credentials.vault import Vault, WrongKeyError
from connector_sdk.marketplace import MarketplaceError, Outcome
from cryptography.fernet import Fernet
from pydantic import SecretStr
from runtime.problems import InvalidRequestError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NAMES = ("TESTMART_KEY", "TESTMART_SECRET")
THEN = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def _vault(written: str) -> Vault:
    vault = Vault.of(SecretStr(written))
    assert vault is not None
    return vault


def test_what_is_sealed_is_opened_under_its_own_name_alone() -> None:
    vault = _vault(OLD)
    sealed = vault.seal("KEY", SecretStr("سر"))

    assert "سر" not in sealed
    assert vault.open("KEY", sealed).get_secret_value() == "سر"
    for name, told in (("SECRET", sealed), ("KEY", sealed[:-4] + "AAAA"), ("KEY", "nonsense"), ("KEY", "")):
        with pytest.raises(WrongKeyError):
            vault.open(name, told)


def test_a_newer_key_seals_and_the_older_one_still_opens() -> None:
    sealed = _vault(OLD).seal("KEY", SecretStr("s3cret"))
    both = _vault(f"{NEW}, {OLD}")

    assert both.open("KEY", sealed).get_secret_value() == "s3cret"
    assert not both.is_current(sealed)
    anew = both.seal("KEY", SecretStr("s3cret"))
    assert both.is_current(anew)
    assert _vault(NEW).open("KEY", anew).get_secret_value() == "s3cret"
    with pytest.raises(WrongKeyError):
        _vault(NEW).open("KEY", sealed)


@pytest.mark.parametrize(
    "wrong", ["short", f"{NEW},short", "é" * 44, "=" * 44], ids=["short", "second", "text", "signs"]
)
def test_what_is_no_key_is_named_by_its_place(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"key [12] is not 32 bytes in URL-safe base64: make one by openssl") as told:
        Vault.of(SecretStr(wrong))
    assert wrong not in str(told.value)
    assert Vault.of(SecretStr(" , ")) is None


def test_stored_credentials_win_over_the_environments() -> None:
    credentials = Credentials({"TESTMART_KEY": SecretStr("env-key"), "TESTMART_SECRET": SecretStr("")})
    with pytest.raises(MarketplaceError, match="TESTMART_SECRET not set; send what is missing to PUT") as told:
        credentials.values()
    assert told.value.outcome is Outcome.UNAUTHORISED

    stored = {name: Stored(SecretStr(f"stored-{name}"), THEN) for name in ("TESTMART_SECRET", "SOMEBODY_ELSES")}
    credentials.replace(stored)
    assert [value.get_secret_value() for value in credentials.values().values()] == [
        "env-key",
        "stored-TESTMART_SECRET",
    ]
    assert credentials.known() == [
        Known("TESTMART_KEY", Source.ENVIRONMENT, None),
        Known("TESTMART_SECRET", Source.STORED, THEN),
    ]
    shown = repr(vars(credentials)) + repr(credentials) + repr(credentials.values()) + repr(stored)
    assert "env-key" not in shown
    assert "stored-" not in shown


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"s3cret": "TESTMART_KEY"},
        {"TESTMART_KEY": "good", "s3cret": "x"},
        {"TESTMART_KEY": ["s3cret"]},
        {"TESTMART_KEY": "  "},
        {"TESTMART_KEY": "s3cret\n2"},
        {"TESTMART_KEY": "s3cret" * 1000},
    ],
)
def test_what_can_not_be_used_is_refused_and_not_repeated(body: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError) as told:
        read_changes(body, NAMES)
    assert "s3cret" not in f"{told.value.detail} {told.value.members}"
    assert "TESTMART_KEY" in str(told.value.detail)


def test_what_is_sent_is_taken_without_the_blanks_around_it() -> None:
    changes = read_changes({"TESTMART_KEY": " s3cret \n", "TESTMART_SECRET": None}, NAMES)
    assert changes == {"TESTMART_KEY": SecretStr("s3cret"), "TESTMART_SECRET": None}
