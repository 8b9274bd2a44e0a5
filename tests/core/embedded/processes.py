"""What tests ask about processes."""

import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from apps.core.embedded.gate import find_folder_users
from apps.core.embedded.home import Home

FIRST_PORT, PORTS = 10_000, 20_000


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a dead one that nobody has collected yet counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 120, *, every: float = 0.02) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(every)


def list_servers(home: Home) -> list[int]:
    """Every process of the databases of a home."""
    return find_folder_users(home.pgdata, "postgres") + find_folder_users(home.valkey, "valkey-server")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listened on a moment ago, and that the kernel gives nobody who lets it choose."""
    ports: set[int] = set()
    while len(ports) < count:
        # Not `random`, which hypothesis seeds: all processes of the tests would be given the same.
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.add(port)
    return list(ports)
