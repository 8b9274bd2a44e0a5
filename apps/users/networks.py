"""Networks that a key may be used from: CIDR blocks of IPv4 and IPv6, as people write them and as they are kept."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_NETWORKS = 50
MAX_LENGTH = 64


def read_networks(texts: Iterable[str]) -> list[str]:
    """The networks as they are kept: each once, in the order given, a single address as the network of just that.

    Raises ValueError that says what is wrong with the first bad one.
    """
    kept = list(dict.fromkeys(str(read_network(text)) for text in texts))
    if len(kept) > MAX_NETWORKS:
        raise ValueError(f"may name at most {MAX_NETWORKS} networks")
    return kept


def read_network(text: str) -> Network:
    text = text.strip()
    try:
        if len(text) > MAX_LENGTH or "%" in text:
            raise ValueError
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"has {text[:MAX_LENGTH]!r}, which is no network such as 192.0.2.0/24 or 2001:db8::/32"
        ) from None
    if ipaddress.ip_interface(text).ip != network.network_address:
        raise ValueError(f"has {text!r}, where bits are set behind the prefix: {network} may be meant")
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise ValueError(f"has {text!r}: write IPv4 networks as such")
    return network


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address is in one of the networks as they are kept; no address is in none."""
    if not address:
        return False
    ip = ipaddress.ip_address(address)
    return any(ip.version == network.version and ip in network for network in parse_kept(tuple(networks)))


@lru_cache(maxsize=1024)
def parse_kept(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in networks)
