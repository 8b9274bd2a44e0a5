"""Processes are killed in the middle of an import, over a whole stack: nothing is lost and nothing counted twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from apps.core.embedded.home import REPOSITORY, Home, embedded_urls, resolve_home
from tests.core.embedded.processes import wait_until
from tests.core.embedded.test_up import free_ports

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.critical]

RECORDS = 6_000


@pytest.fixture
def home(tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("chaos")
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
            process.wait(60)


def start_import(home: Home, source: Path, library: str) -> int:
    code = (
        "import django; django.setup();"
        "from pathlib import Path; from apps.functions.services.importing import start_import;"
        f"print(start_import(path=Path({str(source)!r}), library={library!r}).pk)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**environ(home), "DJANGO_SETTINGS_MODULE": "config.settings.dev"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1])


def ask(home: Home, query: str) -> tuple[object, ...]:
    """One row; tries again while PostgreSQL is away."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(embedded_urls(home).database_url, connect_timeout=2) as connection:
                row = connection.execute(query).fetchone()
                assert row is not None
                return row
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def job_state(home: Home, job: int) -> str:
    return str(ask(home, f"SELECT state FROM core_job WHERE id = {job}")[0])


def wait_for_middle(home: Home, job: int, library: str) -> None:
    stored = (
        "SELECT count(*) FROM functions_function f JOIN functions_library l ON l.id = f.library_id "
        f"WHERE l.name = '{library}'"
    )
    wait_until(lambda: int(str(ask(home, stored)[0])) > 0, 60)
    assert job_state(home, job) == "running"


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
        process.kill()


def assert_whole(home: Home, job: int, library: str) -> None:
    wait_until(lambda: job_state(home, job) not in ("queued", "running"), 120)
    state, result, error = ask(home, f"SELECT state, result, error FROM core_job WHERE id = {job}")
    assert (state, error) == ("succeeded", "")
    assert isinstance(result, dict)
    assert (result["created"], result["changed"], result["unchanged"], result["problems"]) == (RECORDS, 0, 0, 0)
    functions, ids, revisions = ask(
        home,
        "SELECT count(DISTINCT f.id), count(DISTINCT f.external_id), count(r.id) FROM functions_function f "
        "JOIN functions_library l ON l.id = f.library_id JOIN functions_revision r ON r.function_id = f.id "
        f"WHERE l.name = '{library}'",
    )
    assert (functions, ids, revisions) == (RECORDS, RECORDS, RECORDS)


def strike(home: Home, source: Path, victim: str) -> int:
    """Starts an import into a library of the victim's name, and kills the victim in the middle of it."""
    job = start_import(home, source, victim)
    wait_for_middle(home, job, victim)
    kill_all(find_processes(home, is_worker(home) if victim == "worker" else is_server(home, victim)))
    return job


def test_imports_outlive_the_death_of_any_process(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "many.jsonl"
    with source.open("w") as file:
        for number in range(RECORDS):
            record = {"id": number, "name": f"f{number}", "language": "python", "description": f"Does thing {number}."}
            file.write(json.dumps(record) + "\n")
    with stack(home) as process:
        for victim in ("worker", "postgres", "valkey"):
            assert_whole(home, strike(home, source, victim), victim)
        job = start_import(home, source, "supervisor")
        wait_for_middle(home, job, "supervisor")
        process.kill()
        process.wait(10)
        wait_until(lambda: not find_processes(home, belongs(home)), 20)
    with stack(home):
        assert_whole(home, job, "supervisor")
