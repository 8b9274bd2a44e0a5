"""Which IP addresses may be connected to for somebody else."""

import ipaddress
import socket
import threading

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
ISATAP = (0x0000_5EFE, 0x0200_5EFE)
LINK_LOCAL = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
"""Where clouds tell a machine its credentials, beside the link-local 169.254.169.254; Azure's is of a public range."""


class NotReached(Exception):
    """There is no answer to be had. `for_good`: another attempt would not help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


def find_addresses(host: str, port: int, *, seconds: float, allow_inner: bool) -> list[Address]:
    """The addresses of `host`, each of which may be connected to. Raises NotReached."""
    addresses = [ipaddress.ip_address(text) for text in _look_up(host, port, seconds)]
    for address in addresses:
        # One inner address among public ones is no accident.
        refuse_inner(address, allow_inner=allow_inner)
    return addresses


def refuse_inner(address: Address, *, allow_inner: bool = False) -> None:
    """Raises NotReached for what is not on the public internet, however it is written.

    `allow_inner` lets private and local addresses through, and nothing that hands out a machine's credentials.
    """
    parts = unwrap(address)
    if any(part in METADATA or any(part in network for network in LINK_LOCAL) for part in parts):
        raise NotReached(f"{address} is a private, local or reserved address", for_good=True)
    if not allow_inner and not all(is_public(part) for part in parts):
        settings = "WEBHOOK_PRIVATE_NETWORKS and PROVIDER_PRIVATE_NETWORKS"
        raise NotReached(f"{address} is a private, local or reserved address: see {settings}", for_good=True)


def is_public(address: Address) -> bool:
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def unwrap(address: Address) -> list[Address]:
    """Where it leads: of an IPv6 address also the IPv4 one in it (mapped, NAT64, compatible, 6to4, Teredo, ISATAP)."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    last = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in NAT64:
        return [last]
    found: list[Address | None] = [address, address.sixtofour, *(address.teredo or ())]
    if int(address) < 2**32 or int(address) >> 32 & 0xFFFF_FFFF in ISATAP:
        found.append(last)
    return [part for part in found if part is not None]


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    """getaddrinfo, which has no time limit of its own: a name server that is silent would hold us for minutes."""
    found: list[str] = []
    failures: list[str] = []

    def look_up() -> None:
        try:
            found.extend(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failures.append(str(error))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise NotReached(f"{host} is not known: {failures[0] if failures else 'its name server did not answer'}")
    return list(dict.fromkeys(found))
