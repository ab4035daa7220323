import http.server
import threading
from collections.abc import Iterator

import pytest
from runtime.service_client import RefusedError, Service, ServiceClient, WrongUseError, connector


class _Website(http.server.BaseHTTPRequestHandler):
    """Answers as a server does that is none of ours."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Website) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "said"), [("/", "is not the shop: it sent no JSON"), ("/v1", "the shop answered 404")]
)
def test_a_server_that_is_another_one_is_told_in_one_line(url: str, path: str, said: str) -> None:
    environment = {"SHOP_URL": url, "API_KEY": "key"}
    with ServiceClient(Service("shop", "SHOP_URL"), environment) as client, pytest.raises(RefusedError, match=said):
        client.call("GET", path)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8001", "ftp://shop"])
def test_what_is_no_address_is_wrong_use(url: str) -> None:
    with pytest.raises(WrongUseError, match="set SHOP_URL to the http:// or https:// address of the shop"):
        ServiceClient(Service("shop", "SHOP_URL"), {"SHOP_URL": url, "API_KEY": "key"})


def test_a_connector_is_named_by_its_channel() -> None:
    assert connector("amazon").usual_url == "http://127.0.0.1:8002"
    assert connector("big-shop") == Service("connector of 'big-shop'", "BIG_SHOP_CONNECTOR_URL")
