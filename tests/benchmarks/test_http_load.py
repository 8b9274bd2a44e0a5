"""The load client against a server that answers as it is told."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.http_load import call, drive, make_request

pytestmark = pytest.mark.unit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/gone":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = b"x" * 100_000
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_every_request_is_answered_over_a_few_connections(port: int) -> None:
    load = drive(port, [make_request("/", port)] * 50, connections=4)
    assert (len(load.latencies), load.errors) == (50, [])
    assert load.per_second > 0


def test_what_goes_wrong_is_told(port: int) -> None:
    paths = ["/", "/busy", "/gone"]
    load = drive(port, [make_request(path, port) for path in paths], connections=1)
    assert len(load.latencies) == 1
    assert [error.split(":")[0] for error in load.errors] == ["status 503", "connection lost"]


def test_nobody_listens() -> None:
    load = drive(1, [make_request("/", 1)], connections=2)
    assert (load.latencies, len(load.errors)) == ([], 2)


def test_one_after_the_other_over_a_connection_that_stays(port: int) -> None:
    with call(port) as caller:
        assert all(caller.ask(make_request("/", port)) > 0 for _ in range(3))
        with pytest.raises(OSError, match="503"):
            caller.ask(make_request("/busy", port))
        with pytest.raises(OSError, match="lost"):
            caller.ask(make_request("/gone", port))
