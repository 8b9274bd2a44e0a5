"""The embedded Valkey: broker in database 0, shared cache in database 1."""

import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from apps.core.embedded.account import Account
from apps.core.embedded.binaries import Binaries
from apps.core.embedded.gate import FolderGate
from apps.core.embedded.home import Home
from apps.core.embedded.process import ChildSpec

NAME = "valkey"
PROBE_SECONDS = 0.5
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "databases": "4",
    "save": "",
    # Every write is in the kernel's hands before it is acknowledged, so a killed process loses nothing; a power cut
    # may lose what the kernel had not written, and jobs are kept in PostgreSQL. "everysec" holds acknowledged writes
    # back while its flush runs, and "always" makes every write of the cache wait for the disk.
    "appendonly": "yes",
    "appendfsync": "no",
    "auto-aof-rewrite-min-size": "32mb",
    "maxmemory": "256mb",
    # Only keys with a time to live are ever evicted: the cache's, never the broker's.
    "maxmemory-policy": "volatile-lru",
    "loglevel": "warning",
}


def valkey_spec(
    home: Home, binaries: Binaries, account: Account | None, settings: Mapping[str, str] | None = None
) -> ChildSpec:
    """The server on the home's private socket; `settings` are added to SETTINGS and win over them."""
    places = {"dir": str(home.valkey), "unixsocket": str(home.valkey_socket)}
    merged = {**SETTINGS, **places, **(settings or {})}
    options = tuple(part for name, value in merged.items() for part in (f"--{name}", value))
    gate = FolderGate(home.valkey, "valkey-server")
    return ChildSpec(
        NAME,
        (str(binaries.valkey), *options),
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        folder=Path("/"),
        account=account,
        death_signal=signal.SIGTERM,
        stop_seconds=10.0,
        stop_rank=2,
        may_start=gate.is_free,
        is_ready=lambda: answers_ping(home.valkey_socket),
    )


def answers_ping(path: Path) -> bool:
    """Whether the server answers and has loaded its data (until then it says -LOADING)."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PROBE_SECONDS)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
