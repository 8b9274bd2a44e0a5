"""What a web process makes ready behind its first requests, so that none of them waits for it.

Apps register their steps from `apps.py`. A step that fails is logged: the request that needs it will say why.
"""

import threading

import structlog
from django.db import connections
from django.utils.module_loading import import_string

_steps: list[str] = []

log = structlog.get_logger("touchstone.core")


def register_step(path: str) -> None:
    """The dotted path of a function that takes nothing."""
    _steps.append(path)


def start_warming() -> threading.Thread:
    """Run the steps in a thread that the process does not wait for when it ends."""
    thread = threading.Thread(target=_run, name="warming", daemon=True)
    thread.start()
    return thread


def _run() -> None:
    for path in _steps:
        try:
            import_string(path)()
        except Exception:
            log.exception("warming_failed", step=path)
    connections.close_all()  # this thread's own
