"""Where a request comes from, behind as many proxies as the operator says there are."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address, "" where there is none (a unix socket).

    Each of the TRUSTED_PROXIES adds whom it heard from to the right of X-Forwarded-For; what stands to the left of
    theirs came from the client, who may write anything.
    """
    return find_address(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def find_address(peer: str, forwarded_for: str) -> str:
    """The same of who is connected, and of the header's value."""
    proxies = settings.TRUSTED_PROXIES
    if not proxies:
        return read_address(peer)
    heard_from = forwarded_for.split(",")[-proxies:]
    return read_address(heard_from[0]) or read_address(peer)


def client_network(request: HttpRequest) -> str:
    """The first address of the network that one client holds: all of IPv4, the first 64 bits of IPv6."""
    return network_of(client_address(request))


def network_of(address: str) -> str:
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


@lru_cache(maxsize=1000)
def read_address(text: str) -> str:
    """The address in its shortest form, without port, brackets and zone; IPv4 inside IPv6 as IPv4; "" when none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(mapped or address)
