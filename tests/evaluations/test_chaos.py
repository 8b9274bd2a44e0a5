"""Processes are killed in the middle of a sweep, over a whole stack: no case is lost and none counted twice."""

import json
import time
from pathlib import Path

import pytest

from apps.core.embedded.home import Home
from tests.core.embedded.processes import wait_until
from tests.stack import ask, find_processes, is_server, is_worker, kill_all, make_home, run_code, stack

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.critical]

FUNCTIONS = 300
CASES = 6_000
CHUNK = 60
"""Few cases a chunk, so that there is much of the sweep left wherever it is hit."""
RIGHT = sum(number % (2 * FUNCTIONS) < FUNCTIONS for number in range(CASES))


@pytest.fixture
def home(tmp_path_factory, monkeypatch) -> Home:
    monkeypatch.setenv("SWEEP_CHUNK_CASES", str(CHUNK))
    return make_home(tmp_path_factory.mktemp("sweeps"))


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def fill(home: Home, folder: Path) -> None:
    """A catalogue with its index, and a suite: half of the cases ask for what is there, half for what is not."""
    functions = [
        {"id": str(number), "name": f"make_thing_{number}", "language": "python", "description": f"Makes {number}."}
        for number in range(FUNCTIONS)
    ]
    cases = [
        {
            "id": f"c{number}",
            "query": f"make_thing_{number % (2 * FUNCTIONS)}",
            "expected": [str(number % (2 * FUNCTIONS))],
        }
        for number in range(CASES)
    ]
    run_code(
        home,
        "from django.core.management import call_command;"
        f"call_command('import_functions', {str(write_lines(folder / 'functions.jsonl', functions))!r});"
        f"call_command('import_cases', 'chaos', {str(write_lines(folder / 'cases.jsonl', cases))!r})",
    )


def start_run(home: Home) -> int:
    code = (
        "from apps.evaluations.services import running, suites;"
        "print(running.start_run(suite=suites.get_suite('chaos')).pk)"
    )
    return int(run_code(home, code).split()[-1])


def read_done(home: Home, run: int) -> int:
    return int(str(ask(home, f"SELECT done FROM evaluations_run WHERE id = {run}")[0]))


def test_a_sweep_outlives_the_death_of_worker_valkey_and_postgres(home: Home, tmp_path: Path) -> None:
    with stack(home):
        fill(home, tmp_path)
        run = start_run(home)
        for victim in ("worker", "valkey", "postgres"):
            before = read_done(home, run)
            wait_until(lambda before=before: read_done(home, run) > before, 300)
            assert read_done(home, run) < CASES, "too quick to be killed in its middle"
            kill_all(find_processes(home, is_worker(home) if victim == "worker" else is_server(home, victim)))
            time.sleep(0.5)
        over = f"SELECT state NOT IN ('queued', 'running') FROM evaluations_run WHERE id = {run}"
        wait_until(lambda: bool(ask(home, over)[0]), 900, every=0.3)
        state, done, total = ask(home, f"SELECT state, done, total FROM evaluations_run WHERE id = {run}")
        assert (state, done, total) == ("succeeded", CASES, CASES)
        outcomes, cases, errors = ask(
            home,
            "SELECT count(*), count(DISTINCT case_id), count(*) FILTER (WHERE error <> '') "
            f"FROM evaluations_caseoutcome WHERE run_id = {run}",
        )
        assert (outcomes, cases, errors) == (CASES, CASES, 0)
        right = ask(home, f'SELECT count(*) FROM evaluations_caseoutcome WHERE run_id = {run} AND "right"')
        assert right[0] == RIGHT
        summary = ask(home, f"SELECT summary FROM evaluations_run WHERE id = {run}")[0]
        assert isinstance(summary, dict)
        assert (summary["cases"], summary["accuracy"]) == (CASES, round(RIGHT / CASES, 6))
