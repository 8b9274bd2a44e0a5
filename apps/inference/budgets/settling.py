"""Settlements on their way to Valkey: nobody waits for them, and whoever reserves next takes them along."""

import threading
from collections.abc import Callable, Sequence

from apps.core.threads import BackgroundThread, run_when_there_is_some
from apps.inference.budgets.shared import Settlement

GATHER_SECONDS = 0.05


class Settlements:
    """`send` gives them to Valkey and to the ledger, and deals with its failures."""

    def __init__(self, send: Callable[[Sequence[Settlement]], None]) -> None:
        self._send = send
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._waiting: list[Settlement] = []
        self._thread = BackgroundThread("budget-settler", self._run, finish=self.flush)

    @property
    def are_sent_now(self) -> bool:
        """Whether some are neither here any more nor there for sure."""
        return self._sending.locked()

    def put(self, settlements: Sequence[Settlement]) -> None:
        with self._changed:
            self._waiting += settlements
            self._thread.start()
            self._changed.notify()

    def take(self) -> Sequence[Settlement]:
        """For whoever sends them now, or puts them back."""
        with self._changed:
            taken, self._waiting = self._waiting, []
        return taken

    def flush(self) -> None:
        """Returns when all that was put before is sent."""
        with self._sending:
            taken = self.take()
            if taken:
                self._send(taken)

    def _run(self) -> None:
        run_when_there_is_some(self._changed, lambda: self._waiting, self.flush, gather=GATHER_SECONDS)
