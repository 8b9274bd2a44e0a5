"""Threads that work behind a process for as long as it lives."""

import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize


class BackgroundThread:
    """Runs `work`, which never ends by itself, and `finish` when the process ends. Starts where it is first needed."""

    def __init__(self, name: str, work: Callable[[], None], *, finish: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._finish = finish
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Does nothing while it is at work. Only one thread of a process may ask at a time."""
        if self._thread is None or not self._thread.is_alive():  # a fork takes no threads along
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
            # Unlike atexit, this is also run at the end of a process that multiprocessing made, as web workers are.
            Finalize(None, self._finish, exitpriority=10)


def run_when_there_is_some(
    changed: threading.Condition, are_some: Callable[[], object], run: Callable[[], None], *, gather: float
) -> None:
    """What a thread does that hands on what others leave it: waits for some, `gather` seconds for more, and runs."""
    while True:
        with changed:
            while not are_some():
                changed.wait()
        time.sleep(gather)
        run()
