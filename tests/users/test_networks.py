import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.networks import MAX_NETWORKS, is_within, read_networks

pytestmark = pytest.mark.unit

NETWORKS = st.one_of(
    st.ip_addresses(v=4).flatmap(lambda ip: st.integers(0, 32).map(lambda bits: (ip, bits))),
    st.ip_addresses(v=6).flatmap(lambda ip: st.integers(0, 128).map(lambda bits: (ip, bits))),
).map(lambda pair: ipaddress.ip_network(f"{pair[0]}/{pair[1]}", strict=False))


def test_networks_are_kept_in_one_form_and_order() -> None:
    given_ = [" 192.0.2.0/24", "2001:DB8::/32 ", "192.0.2.7", "192.0.2.0/255.255.255.0"]
    assert read_networks(given_) == ["192.0.2.0/24", "2001:db8::/32", "192.0.2.7/32"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no network"),
        ("office", "no network"),
        ("192.0.2.0/33", "no network"),
        ("192.0.2", "no network"),
        ("192.0.2.0/24; DROP TABLE", "no network"),
        ("fe80::1%eth0", "no network"),
        ("1" * 1000, "no network"),
        ("192.0.2.7/24", "192.0.2.0/24 may be meant"),
        ("::ffff:192.0.2.0/120", "write IPv4"),
    ],
)
def test_what_is_no_network_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_networks(["10.0.0.0/8", text])


def test_there_is_a_most() -> None:
    with pytest.raises(ValueError, match=str(MAX_NETWORKS)):
        read_networks(f"10.0.0.{last}" for last in range(MAX_NETWORKS + 1))


@given(NETWORKS, st.ip_addresses())
def test_an_address_is_within_as_ipaddress_says(network: ipaddress.IPv4Network, address: ipaddress.IPv4Address) -> None:
    kept = (
        read_networks([str(network)]) if not getattr(network.network_address, "ipv4_mapped", None) else [str(network)]
    )
    assert is_within(str(address), kept) is (address.version == network.version and address in network)
    assert is_within(str(network.network_address), kept)


def test_no_address_is_nowhere() -> None:
    assert not is_within("", ["0.0.0.0/0", "::/0"])
