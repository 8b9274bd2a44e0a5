import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.outgoing import NotReached, ask, asking
from tests.core.outgoing.servers import Receiver, serving, trickling
from tests.core.outgoing.test_addresses import resolve_to

pytestmark = pytest.mark.unit


@pytest.fixture
def receiver():
    with serving(Receiver()) as server:
        yield server


@pytest.fixture
def connects_nowhere(monkeypatch):
    """What it would have connected to."""
    tried = []

    def connect(address, timeout):
        tried.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(asking.socket, "create_connection", connect)
    return tried


def test_a_request_arrives_with_its_body_and_headers(receiver):
    receiver.status, receiver.body = 200, b"thanks"
    answer = ask("POST", receiver.url, body=b'{"a": 1}', headers={"X-One": "1"}, allow_inner=True, max_answer=100)
    assert (answer.status, answer.body) == (200, b"thanks")
    [(path, headers, body)] = receiver.got
    assert (path, body, headers["X-One"]) == ("/hooks?a=1", b'{"a": 1}', "1")
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"


def test_a_body_that_nobody_asked_for_is_not_read(receiver):
    receiver.status, receiver.body = 200, b"thanks"
    assert ask("GET", receiver.url, allow_inner=True).body == b""


def test_a_body_is_as_long_as_it_may_be(receiver):
    receiver.status, receiver.body = 200, b"x" * 100
    assert ask("GET", receiver.url, allow_inner=True, max_answer=100).body == b"x" * 100
    with pytest.raises(NotReached, match="more than 99 bytes"):
        ask("GET", receiver.url, allow_inner=True, max_answer=99)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer(receiver, status):
    receiver.status, receiver.location = status, receiver.url
    assert ask("POST", receiver.url, allow_inner=True).status == status
    assert len(receiver.got) == 1


def test_it_connects_to_the_addresses_that_were_checked(monkeypatch, connects_nowhere):
    resolve_to(monkeypatch, "93.184.216.34", "93.184.216.35")
    with pytest.raises(NotReached, match=r"hooks\.example\.com did not answer: refused") as caught:
        ask("POST", "https://hooks.example.com/")
    assert connects_nowhere == [("93.184.216.34", 443), ("93.184.216.35", 443)]
    assert not caught.value.for_good


def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(monkeypatch, connects_nowhere):
    """DNS rebinding: the second look-up, which there is none of, would lead inside."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    monkeypatch.setattr(asking.socket, "getaddrinfo", resolve)
    with pytest.raises(NotReached, match="did not answer"):
        ask("GET", "http://rebind.example.com/")
    assert connects_nowhere == [("93.184.216.34", 80)]
    assert list(answers) == [["127.0.0.1"]]


def spell(octets: list[int], base: str, parts: int) -> str:
    """An IPv4 address as inet_aton reads it: `parts` numbers, the last of which holds what is left."""
    number = int.from_bytes(bytes(octets[parts - 1 :]), "big")
    numbers = [*octets[: parts - 1], number]
    return ".".join({"decimal": "%d", "octal": "0%o", "hex": "0x%x"}[base] % number for number in numbers)


INNER = st.one_of(
    st.tuples(st.just(127), *[st.integers(0, 255)] * 3),
    st.tuples(st.just(10), *[st.integers(0, 255)] * 3),
    st.tuples(st.just(169), st.just(254), *[st.integers(0, 255)] * 2),
    st.tuples(st.just(192), st.just(168), *[st.integers(0, 255)] * 2),
).map(list)


@given(octets=INNER, base=st.sampled_from(["decimal", "octal", "hex"]), parts=st.integers(1, 4), name=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_spelling_of_an_inner_address_gets_through(connects_nowhere, octets, base, parts, name):
    host = spell(octets, base, parts)
    hosts = [host, f"{host}."] if name else [host, "[::ffff:" + spell(octets, "decimal", 4) + "]"]
    for host in hosts:
        with pytest.raises(NotReached):
            ask("GET", f"http://{host}/")
    assert connects_nowhere == []


def test_a_server_that_trickles_its_headers_is_cut_off(monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE_SECONDS", 0.5)
    late = pytest.raises(NotReached, match="did not answer: it took longer")
    with trickling(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a") as url, late as caught:
        ask("POST", url, allow_inner=True)
    assert not caught.value.for_good


def test_a_server_that_trickles_its_body_is_cut_off(monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE_SECONDS", 0.5)
    late = pytest.raises(NotReached, match="did not answer: it took longer")
    with trickling(b"HTTP/1.1 200 OK\r\n\r\n", b"a") as url, late:
        ask("GET", url, allow_inner=True, max_answer=10_000)


def test_https_needs_a_certificate_for_the_name(receiver):
    with pytest.raises(NotReached, match="did not answer"):
        ask("POST", receiver.url.replace("http:", "https:"), allow_inner=True)
    assert receiver.got == []
