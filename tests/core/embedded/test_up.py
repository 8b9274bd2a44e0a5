import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from apps.core.embedded import stack as stacks
from apps.core.embedded.death import SUPERVISED
from apps.core.embedded.errors import UsageError
from apps.core.embedded.home import REPOSITORY, Home
from apps.core.embedded.interrupts import SleepBell, listen_to_signals
from apps.core.embedded.lock import hold_home
from apps.core.embedded.stack import Addresses, probe
from apps.core.embedded.up import Options, check_options, check_ports, describe_addresses
from tests.core.embedded.processes import free_ports, is_gone, list_servers, wait_until


@pytest.mark.unit
@pytest.mark.parametrize(
    ("port", "gateway_port", "workers", "message"),
    [
        (0, 8001, 1, "--port 0 is not a port"),
        (8000, 65536, 1, "--gateway-port 65536 is not a port"),
        (8000, 8000, 1, "--port and --gateway-port are both 8000"),
        (8000, 8001, 0, "--workers takes 1 to 4"),
        (8000, 8001, 5, "--workers takes 1 to 4"),
    ],
)
def test_what_cannot_work_is_named(port: int, gateway_port: int, workers: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_options(Options(Addresses("127.0.0.1", port, gateway_port), workers, demo=True))


@pytest.mark.unit
def test_a_port_in_use_is_named_with_its_option() -> None:
    free, port = free_ports(2)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(UsageError, match=rf"127.0.0.1:{port} \(Address already in use\): choose another --port"):
            check_ports(Addresses("127.0.0.1", port, free))
        with pytest.raises(UsageError, match="choose another --gateway-port"):
            check_ports(Addresses("127.0.0.1", free, port))
    check_ports(Addresses("127.0.0.1", port, free))


@pytest.mark.unit
def test_a_host_that_does_not_exist_is_wrong_use() -> None:
    with pytest.raises(UsageError, match=r"cannot listen on no\.such\.host\.invalid"):
        check_ports(Addresses("no.such.host.invalid", 8000, 8001))


@pytest.mark.unit
def test_addresses_are_told_as_links() -> None:
    text = describe_addresses(Addresses("::1", 8000, 8001))
    assert "http://[::1]:8000/admin/" in text
    assert "http://[::1]:8001/" in text


@pytest.mark.unit
def test_a_process_knows_its_age() -> None:
    code = "from apps.core.embedded.up import process_age; print(process_age())"
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    passed = time.clock_gettime(time.CLOCK_BOOTTIME) - before
    assert 0 < float(done.stdout) < passed + 0.1  # its start is known to the hundredth of a second


@pytest.mark.unit
@pytest.mark.parametrize(("answer", "live"), [(b"HTTP/1.1 200 OK\r\n\r\n", True), (b"HTTP/1.1 503 No\r\n\r\n", False)])
def test_a_server_is_ready_when_its_health_page_says_so(
    answer: bytes, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "PROBE_SECONDS", 60)
    asked: list[bytes] = []

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            asked.append(connection.recv(4096))
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        assert probe("0.0.0.0", port)() is live
        thread.join()
    assert asked[0].startswith(b"GET /health/live ")
    assert probe("127.0.0.1", port)() is False


@pytest.mark.unit
def test_signals_are_counted_while_listened_to_and_handled_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and stays so
    with listen_to_signals() as bell:
        started = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        bell.wait(20)
        os.kill(os.getpid(), signal.SIGHUP)
        bell.wait(20)
        assert bell.stop_requests == 2
        assert time.monotonic() - started < 20
        os.kill(os.getpid(), signal.SIGCHLD)
        bell.wait(20)
        assert bell.stop_requests == 2
    assert signal.getsignal(signal.SIGTERM) == before
    signal.signal(signal.SIGHUP, hangup)
    SleepBell().wait(0)


def run_up(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TOUCHSTONE_HOME": str(home.path)}
    command = [sys.executable, "manage.py", "up", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.integration
def test_a_second_up_is_refused_in_one_line(home: Home) -> None:
    with hold_home(home):
        done = run_up(home)
    assert done.returncode == 2
    assert re.fullmatch(rf"touchstone: {home.path} is in use by .+ \(pid {os.getpid()}\)\n", done.stderr)
    assert done.stdout == ""


@pytest.mark.integration
def test_a_port_in_use_is_refused_before_anything_starts(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_up(home, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--port" in done.stderr
    assert {path.name for path in home.path.iterdir()} == {"lock"}


class Stack:
    """A whole Touchstone in a process of its own."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port, self.gateway_port = free_ports(2)
        environment = {**os.environ, "TOUCHSTONE_HOME": str(home.path), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
        ports = ("--port", str(self.port), "--gateway-port", str(self.gateway_port))
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo", *ports],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def says(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def find(self, module: str) -> list[int]:
        """Our processes that run `module`: all of them carry the supervisor's number in their environment."""
        mark = f"{SUPERVISED}={self.process.pid}".encode()
        return [
            int(folder.name)
            for folder in Path("/proc").glob("[0-9]*")
            if mark in read_parts(folder / "environ") and module.encode() in read_parts(folder / "cmdline")
        ]

    def family(self) -> list[int]:
        ours = [pid for module in ("granian", "celery", "manage.py") for pid in self.find(module)]
        return ours + list_servers(self.home)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


def read_parts(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\0")
    except OSError:
        return []


@contextmanager
def running(home: Home) -> Iterator[Stack]:
    stack = Stack(home)
    try:
        wait_until(lambda: stack.says("Touchstone is ready") or stack.process.poll() is not None, seconds=300)
        assert stack.process.poll() is None, "".join(stack.lines)
        wait_until(lambda: stack.says("beat started"))
        yield stack
    finally:
        stack.end()


@pytest.mark.integration
@pytest.mark.chaos
@pytest.mark.critical
def test_a_stack_starts_survives_kills_and_stops(home: Home) -> None:
    with running(home) as stack:
        wait_until(probe("127.0.0.1", stack.port))
        wait_until(probe("127.0.0.1", stack.gateway_port))
        assert sum("Password" in line for line in stack.lines) == 1
        for module in ("config.wsgi:application", "config.asgi:application"):
            assert len(stack.find(module)) == 2, "a server and its worker"
        pids = stack.find("config.wsgi:application")
        web = next(pid for pid in pids if psutil.Process(pid).ppid() == stack.process.pid)
        os.kill(web, signal.SIGKILL)
        wait_until(lambda: stack.says("web ended (SIGKILL)") and probe("127.0.0.1", stack.port)())
        family = stack.family()
        stack.process.kill()
        wait_until(lambda: all(map(is_gone, family)) and not stack.family())
    with running(home) as stack:
        assert not stack.says("Password")
        family = stack.family()
        stack.process.send_signal(signal.SIGINT)
        assert stack.process.wait(timeout=120) == 0
        assert all(map(is_gone, family))
    assert "touchstone | stopped\n" in stack.lines
