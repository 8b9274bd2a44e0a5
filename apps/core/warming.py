"""What a process that answers makes ready behind its first requests, so that none of them waits for it.

Apps register their steps from `apps.py`. A step that fails is logged: the request that needs it will say why.
"""

import threading

import structlog
from django.db import connections
from django.utils.module_loading import import_string

WEB, GATEWAY = "web", "gateway"

_steps: list[tuple[str, str]] = []

log = structlog.get_logger("touchstone.core")


def register_step(path: str, *, of: str = WEB) -> None:
    """The dotted path of a function that takes nothing, for the one or the other kind of process."""
    _steps.append((of, path))


def start_warming(of: str = WEB) -> threading.Thread:
    """Run the steps in a thread that the process does not wait for when it ends."""
    thread = threading.Thread(target=_run, args=[of], name="warming", daemon=True)
    thread.start()
    return thread


def _run(of: str) -> None:
    for path in [path for kind, path in _steps if kind == of]:
        try:
            import_string(path)()
        except Exception:
            log.exception("warming_failed", step=path)
    connections.close_all()  # this thread's own
