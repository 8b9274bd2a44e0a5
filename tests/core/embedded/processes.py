"""What tests ask about processes."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

from apps.core.embedded.gate import find_folder_users
from apps.core.embedded.home import Home


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a dead one that nobody has collected yet counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 30, *, every: float = 0.02) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(every)


def list_servers(home: Home) -> list[int]:
    """Every process of the databases of a home."""
    return find_folder_users(home.pgdata, "postgres") + find_folder_users(home.valkey, "valkey-server")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listened on a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [made.getsockname()[1] for made in sockets]
    for made in sockets:
        made.close()
    return ports
