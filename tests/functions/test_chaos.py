"""Processes are killed in the middle of an import, over a whole stack: nothing is lost and nothing counted twice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.core.embedded.home import REPOSITORY, Home
from tests.core.embedded.processes import wait_until
from tests.stack import (
    ask,
    belongs,
    environ,
    find_processes,
    is_server,
    is_worker,
    kill_all,
    make_home,
    run_code,
    stack,
)

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.critical]

RECORDS = 3_000
MIDDLE = RECORDS // 2

HOLD = """
import sys
import django
django.setup()
from django.db import transaction
from apps.functions.models import Function, Library
library = Library.objects.create(name=sys.argv[1])
with transaction.atomic():
    Function.objects.create(library=library, external_id=sys.argv[2], name="held", language="python")
    print("held", flush=True)
    sys.stdin.read()
    transaction.set_rollback(True)
"""


@pytest.fixture
def home(tmp_path_factory) -> Home:
    return make_home(tmp_path_factory.mktemp("chaos"))


def start_import(home: Home, source: Path, library: str) -> int:
    code = (
        "from pathlib import Path; from apps.functions.services.importing import start_import;"
        f"print(start_import(path=Path({str(source)!r}), library={library!r}).pk)"
    )
    return int(run_code(home, code).split()[-1])


def job_state(home: Home, job: int) -> str:
    return str(ask(home, f"SELECT state FROM core_job WHERE id = {job}")[0])


@contextmanager
def hold_middle(home: Home, library: str) -> Iterator[None]:
    """Until its end an import into this library waits at MIDDLE, whose id another transaction is about to take."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, library, str(MIDDLE)],
        cwd=REPOSITORY,
        env={**environ(home), "DJANGO_SETTINGS_MODULE": "config.settings.dev"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert "held\n" in holder.stdout
        yield


def wait_for_middle(home: Home, job: int, library: str) -> None:
    stored = (
        "SELECT count(*) FROM functions_function f JOIN functions_library l ON l.id = f.library_id "
        f"WHERE l.name = '{library}'"
    )
    wait_until(lambda: int(str(ask(home, stored)[0])) > 0, 300)
    assert job_state(home, job) == "running"


def assert_whole(home: Home, job: int, library: str) -> None:
    wait_until(lambda: job_state(home, job) not in ("queued", "running"), 600, every=0.3)
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
    with hold_middle(home, victim):
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
        with hold_middle(home, "supervisor"):
            job = start_import(home, source, "supervisor")
            wait_for_middle(home, job, "supervisor")
            process.kill()
            process.wait(60)
        wait_until(lambda: not find_processes(home, belongs(home)), 60)
    with stack(home):
        assert_whole(home, job, "supervisor")
