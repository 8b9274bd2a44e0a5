import ipaddress
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.outgoing import NotReached, addresses, refuse_inner
from apps.core.outgoing.addresses import find_addresses

pytestmark = pytest.mark.unit

INNER = [
    "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "240.0.0.1", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "::ffff:0:127.0.0.1",
    "2606:4700::5efe:10.0.0.1", "2001:0:7f00:1::", "100::1",
]  # fmt: skip
CREDENTIALS = [
    "169.254.169.254", "169.254.170.2", "fe80::a9fe:a9fe", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
    "192.0.0.192", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def resolve_to(monkeypatch, *found):
    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolve)


@pytest.mark.parametrize("text", INNER + CREDENTIALS)
def test_an_inner_address_is_refused(text):
    with pytest.raises(NotReached, match="private, local or reserved") as caught:
        refuse_inner(ipaddress.ip_address(text))
    assert caught.value.for_good


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_taken(text):
    refuse_inner(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["127.0.0.1", "10.0.0.8", "::1", "fd12::1"])
def test_who_allows_inner_addresses_gets_them(text):
    refuse_inner(ipaddress.ip_address(text), allow_inner=True)


@pytest.mark.parametrize("text", CREDENTIALS)
def test_what_hands_out_credentials_is_never_allowed(text):
    with pytest.raises(NotReached):
        refuse_inner(ipaddress.ip_address(text), allow_inner=True)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::", "2002::", "2606:4700::5efe:0:0"]))
def test_an_address_within_ipv6_is_as_inner_as_itself(address, prefix):
    shift = 80 if prefix == "2002::" else 0
    within = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + (int(address) << shift))
    try:
        refuse_inner(address)
    except NotReached:
        with pytest.raises(NotReached):
            refuse_inner(within)


@given(st.ip_addresses(v=6))
def test_only_global_unicast_and_nat64_are_public(address):
    try:
        refuse_inner(address)
    except NotReached:
        return
    assert address.ipv4_mapped or address in addresses.GLOBAL_UNICAST or address in addresses.NAT64


@pytest.mark.parametrize("found", [["10.1.2.3"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"]])
def test_a_name_with_one_inner_address_is_refused(monkeypatch, found):
    resolve_to(monkeypatch, *found)
    with pytest.raises(NotReached, match="private, local or reserved"):
        find_addresses("hooks.example.com", 443, seconds=60, allow_inner=False)


def test_a_name_is_looked_up_once_and_each_address_kept_once(monkeypatch):
    resolve_to(monkeypatch, "93.184.216.34", "93.184.216.34", "93.184.216.35")
    found = find_addresses("hooks.example.com", 443, seconds=60, allow_inner=False)
    assert [str(address) for address in found] == ["93.184.216.34", "93.184.216.35"]


def test_a_name_server_that_is_silent_is_not_waited_for(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *args, **kwargs: ended.wait() and [])
    with pytest.raises(NotReached, match="name server did not answer") as caught:
        find_addresses("hooks.example.com", 443, seconds=0.01, allow_inner=False)
    ended.set()
    assert not caught.value.for_good


def test_an_unknown_name_may_be_known_later(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", fail)
    with pytest.raises(NotReached, match="is not known") as caught:
        find_addresses("nowhere.example", 80, seconds=60, allow_inner=False)
    assert not caught.value.for_good
