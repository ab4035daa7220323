"""The expected texts follow the WHATWG serializer for application/x-www-form-urlencoded; node prints the same."""

import pytest
from sandbox.noon.signature import Parameter, encode, js_string, sign


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"sku": "A*B~C D"}, "sku=A*B%7EC+D"),
        ({"title": "ميزان"}, "title=%D9%85%D9%8A%D8%B2%D8%A7%D9%86"),
        ({"sku": "a/b#c&d=e+f%g", "q": 3}, "q=3&sku=a%2Fb%23c%26d%3De%2Bf%25g"),
        ({"d": "2026-11-22T10:00:00.005Z"}, "d=2026-11-22T10%3A00%3A00.005Z"),
        ({"s": "-._!'()😀"}, "s=-._%21%27%28%29%F0%9F%98%80"),
        ({"l": "\ud800"}, "l=%EF%BF%BD"),
    ],
)
def test_text_is_encoded_as_url_search_params_does(parameters: dict[str, Parameter], text: str) -> None:
    assert encode(parameters) == text


def test_names_are_sorted_by_utf16_code_unit() -> None:
    assert encode({"b": "2", "a": "1", "B": "3"}) == "B=3&a=1&b=2"
    assert encode({"\ufb00": "1", "😀": "2"}) == "%F0%9F%98%80=2&%EF%AC%80=1"


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (3.0, "3"), (1.5, "1.5"), (1e16, "10000000000000000"), (True, "true"), (None, "null"), ("x", "x")],
)
def test_values_are_printed_as_javascript_prints_them(value: Parameter, text: str) -> None:
    assert js_string(value) == text


def test_signature_is_the_hmac_of_the_text_in_hexadecimal() -> None:
    assert sign("secret", {"sku": "A*B~C D"}) == "7eebc12f70baafc546c38f7ff1bea1bccfa3892dab215dbab079586c9a066584"
    assert sign("secret", {"title": "ميزان"}) == "480fdf189e74b0b9799370775196e4ac773f0630d40d086231badc7c6d953b20"


def test_signature_itself_is_not_signed() -> None:
    assert sign("secret", {"a": 1, "signature": "old"}) == sign("secret", {"a": 1})
