"""The vectors were made with node: `new URLSearchParams(sorted).toString()` and `crypto.createHmac`."""

import datetime as dt

import pytest
from noon_connector.auth import Keys, Parameters, Signer, encode, js_iso, signature
from pydantic import SecretStr

AT = 1764000000000
VECTORS: list[tuple[Parameters, str, str]] = [
    (
        {"partner_id": "P-1", "sku": "SS-100", "quantity": 5, "timestamp": AT},
        "partner_id=P-1&quantity=5&sku=SS-100&timestamp=1764000000000",
        "2dc8c958c11d540f2b20c1d3fbc6ffae937065739af60fde1e684fcaec36d997",
    ),
    (
        {"partner_id": "P-1", "sku": "a*b~c d/e#f?%+&='\"(x)!", "quantity": 0, "timestamp": AT},
        "partner_id=P-1&quantity=0&sku=a*b%7Ec+d%2Fe%23f%3F%25%2B%26%3D%27%22%28x%29%21&timestamp=1764000000000",
        "1548497fd77b44a0d76e6f036216fd9bedd613bad6fb68198c51e82d683d9270",
    ),
    (
        {"partner_id": "شريك", "sku": "قميص أزرق", "quantity": 3, "timestamp": AT},
        (
            "partner_id=%D8%B4%D8%B1%D9%8A%D9%83&quantity=3&sku=%D9%82%D9%85%D9%8A%D8%B5+%D8%A3%D8%B2%D8%B1%D9%82"
            "&timestamp=1764000000000"
        ),
        "042d05c2ccbedb3cf441db105e8b719262ff8405ac7554c053e7fd5351334b15",
    ),
    (
        {"partner_id": "P-1", "from_date": "2025-11-24T16:00:00.007Z", "timestamp": 1764000000123},
        "from_date=2025-11-24T16%3A00%3A00.007Z&partner_id=P-1&timestamp=1764000000123",
        "3a8e1d45f0d75e699b0e33b3dfd5b6a375153d58126a4abb9b0596f4bf6f23e2",
    ),
]


@pytest.mark.parametrize(("parameters", "text", "digest"), VECTORS)
def test_a_request_is_signed_as_javascript_signs_it(parameters: Parameters, text: str, digest: str) -> None:
    assert encode(parameters) == text
    assert signature("s3cret", parameters) == digest


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC), "2026-11-22T10:00:00.000Z"),
        (dt.datetime(2026, 11, 22, 10, 0, 0, 7999, tzinfo=dt.UTC), "2026-11-22T10:00:00.007Z"),
        (
            dt.datetime(2026, 11, 22, 1, 2, 3, 456000, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            "2026-11-21T23:02:03.456Z",
        ),
    ],
)
def test_a_date_is_written_as_to_iso_string_does(moment: dt.datetime, text: str) -> None:
    assert js_iso(moment) == text


def test_every_attempt_is_signed_anew() -> None:
    signer = Signer(lambda: Keys(SecretStr("P-1"), SecretStr("key"), SecretStr("s3cret")))
    first, _ = signer.sign({"sku": "SS-100", "quantity": 5}, dt.datetime.fromtimestamp(AT / 1000, dt.UTC))
    second, headers = signer.sign({"sku": "SS-100", "quantity": 5}, dt.datetime.fromtimestamp(AT / 1000 + 1, dt.UTC))

    assert first["signature"] == VECTORS[0][2]
    assert second["timestamp"] == AT + 1000
    assert second["signature"] != first["signature"]
    assert headers == {"x-api-key": "key"}


def test_the_signer_does_not_show_its_secrets() -> None:
    keys = Keys(SecretStr("P-1"), SecretStr("the-key"), SecretStr("s3cret"))

    for shown in (repr(keys), repr(vars(Signer(lambda: keys)))):
        assert not [secret for secret in ("P-1", "s3cret", "the-key") if secret in shown]
