"""Work that an answer does not wait for: done in the thread that gave it, once the server has sent it."""

from collections.abc import Callable

import structlog
from django.http.response import HttpResponseBase

log = structlog.get_logger("touchstone.request")


def do_afterwards(response: HttpResponseBase, work: Callable[[], None]) -> None:
    """Has `work` done when the response is closed, also where its client is gone by then. Its failures are logged."""

    def work_on() -> None:
        try:
            work()
        except Exception:
            log.exception("afterwards_failed")

    # Where Django itself keeps what there is to do then.
    response._resource_closers.append(work_on)  # type: ignore[attr-defined]
