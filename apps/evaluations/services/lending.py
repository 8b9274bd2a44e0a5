"""Lending a hand: processes of a command that run a sweep's chunks beside the workers, if there are any."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from apps.core.embedded.launch import set_death_signal
from apps.core.errors import InvalidInput
from apps.core.jobs.services import recover_jobs, run_job
from apps.core.models import JobState
from apps.evaluations.models import Run
from apps.evaluations.services.running import fail_broken_runs, jobs_of

MAX_WORKERS = 64
TEND_SECONDS = 5.0
PAUSE_SECONDS = 0.2

_tended_at = 0.0


def check_workers(workers: int) -> int:
    if not 0 <= workers <= MAX_WORKERS:
        raise InvalidInput({"workers": f"must be from 0 to {MAX_WORKERS}"})
    return workers


def run_next(run_id: int) -> bool:
    """Runs one of the run's waiting jobs here; False when none waits."""
    job = jobs_of(Run(pk=run_id)).filter(state=JobState.QUEUED).order_by("pk").values_list("pk", flat=True).first()
    if job is None:
        return False
    run_job(job)
    return True


def keep_going() -> None:
    """What beat does where a stack runs: frees what dead processes held. At most every few seconds."""
    global _tended_at
    if time.monotonic() - _tended_at >= TEND_SECONDS:
        _tended_at = time.monotonic()
        recover_jobs()
        fail_broken_runs()


@contextmanager
def helpers(run_id: int, number: int) -> Iterator[None]:
    """So many more processes that run its chunks until it is over, or the block ends."""
    context = multiprocessing.get_context("fork")
    connections.close_all()  # a connection cannot be shared by two processes
    processes = [context.Process(target=_help, args=(run_id,), daemon=True) for _ in range(max(0, number))]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _help(run_id: int) -> None:
    set_death_signal(signal.SIGKILL)
    connections.close_all()
    while not Run.objects.only("state").get(pk=run_id).is_over:
        if not run_next(run_id):
            time.sleep(PAUSE_SECONDS)
