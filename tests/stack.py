"""A whole stack for tests that kill parts of it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg
import pytest

from apps.core.embedded.home import REPOSITORY, Home, embedded_urls, resolve_home
from tests.core.embedded.test_up import free_ports


def make_home(folder) -> Home:
    """A home that the services' account can reach."""
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    return resolve_home({"TOUCHSTONE_HOME": str(folder / "home")})


def environ(home: Home) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    # Without a model nothing is embedded afterwards, which would only make the test slow.
    return {**kept, "TOUCHSTONE_HOME": str(home.path), "TOUCHSTONE_MODELS": str(home.path / "none")}


@contextmanager
def stack(home: Home) -> Iterator[subprocess.Popen[str]]:
    port, gateway = free_ports(2)
    command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(port), "--gateway-port", str(gateway)]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environ(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Touchstone is ready" in line:
                break
        else:
            pytest.fail("".join(lines))
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(240)


def run_code(home: Home, code: str) -> str:
    """What a process beside the stack prints that runs this code with Django set up."""
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"],
        cwd=REPOSITORY,
        env={**environ(home), "DJANGO_SETTINGS_MODULE": "config.settings.dev"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def ask(home: Home, query: str) -> tuple[object, ...]:
    """One row; tries again while PostgreSQL is away."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with psycopg.connect(embedded_urls(home).database_url, connect_timeout=10) as connection:
                row = connection.execute(query).fetchone()
                assert row is not None
                return row
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def find_processes(home: Home, fits: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and fits(process):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def is_worker(home: Home) -> Callable[[psutil.Process], bool]:
    return lambda process: process.environ().get("TOUCHSTONE_HOME") == str(home.path) and "worker" in process.cmdline()


def is_server(home: Home, name: str) -> Callable[[psutil.Process], bool]:
    return lambda process: process.name().startswith(name) and process.cwd().startswith(str(home.services))


def belongs(home: Home) -> Callable[[psutil.Process], bool]:
    def fits(process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        return process.cwd().startswith(str(home.path)) or process.environ().get("TOUCHSTONE_HOME") == str(home.path)

    return fits


def kill_all(processes: list[psutil.Process]) -> None:
    assert processes
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # one that was killed may have taken it along
            process.kill()
