import hashlib
import hmac
import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInput
from apps.evaluations.services import webhooks
from apps.evaluations.services.webhooks import (
    NotDelivered,
    check_webhook_url,
    post_webhook,
    refuse_private,
    sign_body,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def private_allowed(settings):
    settings.WEBHOOK_PRIVATE_NETWORKS = True


class Receiver(ThreadingHTTPServer):
    """Answers with `status`, and keeps what it got."""

    status = 204
    location = ""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks?a=1"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def resolve_to(monkeypatch, *addresses):
    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(webhooks.socket, "getaddrinfo", resolve)


def refuse_to_connect(*args, **kwargs):
    raise AssertionError("it connected")


def test_a_post_arrives_with_its_body_and_headers(receiver, private_allowed):
    assert post_webhook(receiver.url, b'{"a": 1}', {"X-One": "1", "Content-Type": "application/json"}) == 204
    [(path, headers, body)] = receiver.got
    assert (path, body) == ("/hooks?a=1", b'{"a": 1}')
    assert headers["X-One"] == "1"
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"


@pytest.mark.parametrize(
    ("status", "for_good"), [(400, True), (404, True), (408, False), (429, False), (500, False), (503, False)]
)
def test_an_answer_that_is_no_success_says_whether_to_try_again(receiver, private_allowed, status, for_good):
    receiver.status = status
    with pytest.raises(NotDelivered, match=f"answered {status}") as caught:
        post_webhook(receiver.url, b"{}", {})
    assert caught.value.for_good is for_good


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, private_allowed, status):
    receiver.status, receiver.location = status, receiver.url
    with pytest.raises(NotDelivered, match="redirects are not followed") as caught:
        post_webhook(receiver.url, b"{}", {})
    assert caught.value.for_good
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://127.0.0.1:6379/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.8/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[ff02::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://localhost/",
        "http://localhost:8000/",
    ],
)
def test_an_inner_address_is_refused_however_it_is_written(monkeypatch, url):
    monkeypatch.setattr(webhooks.socket, "create_connection", refuse_to_connect)
    with pytest.raises(NotDelivered, match="private, local or reserved") as caught:
        post_webhook(url, b"{}", {})
    assert caught.value.for_good


@pytest.mark.parametrize("host", ["http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/"])
def test_odd_spellings_of_an_inner_address_do_not_get_through(monkeypatch, host):
    monkeypatch.setattr(webhooks.socket, "create_connection", refuse_to_connect)
    with pytest.raises(NotDelivered):
        post_webhook(host, b"{}", {})


@pytest.mark.parametrize("addresses", [["10.1.2.3"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"]])
def test_a_name_that_leads_inside_is_refused(monkeypatch, addresses):
    resolve_to(monkeypatch, *addresses)
    monkeypatch.setattr(webhooks.socket, "create_connection", refuse_to_connect)
    with pytest.raises(NotDelivered, match="private, local or reserved"):
        post_webhook("https://hooks.example.com/", b"{}", {})


def test_it_connects_to_the_address_that_was_checked(monkeypatch):
    tried = []

    def connect(address, timeout):
        tried.append(address)
        raise ConnectionRefusedError("refused")

    resolve_to(monkeypatch, "93.184.216.34", "93.184.216.35")
    monkeypatch.setattr(webhooks.socket, "create_connection", connect)
    with pytest.raises(NotDelivered, match=r"hooks\.example\.com did not answer: refused") as caught:
        post_webhook("https://hooks.example.com/", b"{}", {})
    assert tried == [("93.184.216.34", 443), ("93.184.216.35", 443)]
    assert not caught.value.for_good


def test_a_server_that_trickles_is_cut_off(monkeypatch, private_allowed):
    monkeypatch.setattr(webhooks, "DEADLINE_SECONDS", 0.5)
    ended = threading.Event()

    def trickle():
        other, _ = listener.accept()
        with other:
            try:
                other.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not ended.wait(0.05):
                    other.sendall(b"a")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        with pytest.raises(NotDelivered, match="did not answer: it took longer") as caught:
            post_webhook(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {})
        ended.set()
        thread.join()
    assert not caught.value.for_good


def test_https_needs_a_certificate_for_the_name(receiver, private_allowed):
    with pytest.raises(NotDelivered, match="did not answer"):
        post_webhook(receiver.url.replace("http:", "https:"), b"{}", {})
    assert receiver.got == []


@given(st.ip_addresses(v=4))
def test_an_address_within_ipv6_is_as_private_as_itself(address):
    try:
        refuse_private(address)
    except NotDelivered:
        for prefix in ("::ffff:0:0", "64:ff9b::", "::"):
            with pytest.raises(NotDelivered):
                refuse_private(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int(address)))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "javascript:alert(1)",
        "//example.com/",
        "http://",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://exa mple.com/",
        "http://example.com/\r\nX-Evil: 1",
        "http://" + "a" * 500 + ".example/",
        "http://[::1",
    ],
)
def test_what_is_no_web_address_is_named(url):
    with pytest.raises(InvalidInput) as caught:
        check_webhook_url(url)
    assert list(caught.value.errors) == ["webhook_url"]
    with pytest.raises(NotDelivered):
        post_webhook(url, b"{}", {})


def test_a_name_and_password_in_the_address_are_refused():
    with pytest.raises(InvalidInput, match="name or password"):
        check_webhook_url("https://me:secret@example.com/")


def test_good_addresses_are_taken(settings):
    assert check_webhook_url(" https://hooks.example.com:8443/a?b=c ") == "https://hooks.example.com:8443/a?b=c"
    assert check_webhook_url("") == ""
    assert check_webhook_url("http://8.8.8.8/x") == "http://8.8.8.8/x"
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    for url in ("http://chat:8065/hooks/x", "http://[::1]:80/", "http://10.0.0.1/"):
        assert check_webhook_url(url) == url


def test_the_signature_is_over_the_time_and_the_body():
    assert sign_body("secret", b'{"a":1}', 1_700_000_000) == (
        "t=1700000000,v1=" + hmac.new(b"secret", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    )
