import ipaddress

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core.addresses import client_address, client_network, read_address

pytestmark = pytest.mark.unit

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "192.0.2.7", PEER),
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "1.1.1.1, 192.0.2.7", "192.0.2.7"),
        (2, "1.1.1.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        (2, "192.0.2.7", "192.0.2.7"),
        (1, "", PEER),
        (1, "unknown", PEER),
        (1, "192.0.2.7:4711", "192.0.2.7"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
    ],
)
def test_the_client_is_who_the_outermost_trusted_proxy_heard_from(settings, proxies, forwarded, found) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=PEER, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == found


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_one_client_holds_a_whole_network(rf: RequestFactory, address: str, network: str) -> None:
    assert client_network(rf.get("/", REMOTE_ADDR=address)) == network


@given(st.text())
def test_what_is_no_address_is_none(text: str) -> None:
    found = read_address(text)
    assert not found or str(ipaddress.ip_address(found)) == found


@given(st.ip_addresses())
def test_an_address_is_read_whatever_surrounds_it(address) -> None:
    plain = read_address(str(address))
    around = f"[{address}]:80" if address.version == 6 else f" {address}:80 "
    assert plain == read_address(around) != ""
