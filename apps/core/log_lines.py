"""Log lines that no request waits for: gathered for a moment, and written together by a thread of their own.

A line costs a request several times what it costs among others of its kind: the model has just filled the processor's
caches with its own. Lines keep their order. Errors are written before whoever says them goes on.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from apps.core.threads import BackgroundThread, run_when_there_is_some

GATHER_SECONDS = 0.1
LIMIT = 10_000
"""As many wait at most, where nobody reads what is written. What comes then is dropped, and counted."""

Line = str | Callable[[], None]
"""A line as it is written, or a call that logs it."""

log = structlog.get_logger("touchstone.logs")


class LineWriter(logging.Handler):
    """Stands in for `target`, and writes to its stream in its format."""

    def __init__(
        self, target: "logging.StreamHandler[Any]", *, limit: int = LIMIT, gather: float = GATHER_SECONDS
    ) -> None:
        super().__init__(target.level)
        self._target = target
        self._limit = limit
        self._gather = gather
        self._waiting: list[Line] = []
        self._dropped = 0
        self._batch: list[str] = []
        self._writer: int | None = None
        """The thread that writes a batch: what it logs itself belongs there."""
        self._ended = False
        self._writing = threading.RLock()  # a signal's handler may log an error in the thread that writes
        self._changed = threading.Condition()
        self._thread = BackgroundThread("log-lines", self._run, finish=self._end)

    def handle(self, record: logging.LogRecord) -> bool:
        """As of any handler, but without a lock around it: calls that log are made while others write."""
        passed = bool(self.filter(record))
        if passed:
            self.emit(record)
        return passed

    def emit(self, record: logging.LogRecord) -> None:
        """Here and now its text is made: of the context and the objects as they are."""
        try:
            line = self._target.format(record) + self._target.terminator
        except Exception:  # noqa: BLE001 - as every handler: logging says on stderr what was wrong with the call
            self.handleError(record)
            return
        if self._writer == threading.get_ident():
            self._batch.append(line)
            return
        self.put(line)
        if record.levelno >= logging.ERROR:
            self.flush()

    def put(self, line: Line) -> None:
        """Where there is no room for the line, counts it."""
        with self._changed:
            if len(self._waiting) >= self._limit:
                self._dropped += 1
            else:
                self._waiting.append(line)
                if len(self._waiting) == 1:
                    self._thread.start()
                    self._changed.notify()
        if self._ended:
            self.flush()

    def flush(self) -> None:
        """Returns when all that was put before is written."""
        with self._writing:
            with self._changed:
                lines, self._waiting = self._waiting, []
                dropped = self._dropped if lines else 0
                self._dropped -= dropped
            if lines:
                self._write(self._make_batch(lines, dropped))

    def _make_batch(self, lines: Sequence[Line], dropped: int) -> list[str]:
        """All as texts; what calls log meanwhile comes through `emit` to where it belongs."""
        batch = self._batch = []
        self._writer = threading.get_ident()
        try:
            for line in lines:
                if isinstance(line, str):
                    batch.append(line)
                else:
                    self._call(line)
            if dropped:
                log.warning("log_lines_dropped", lines=dropped)
        finally:
            self._writer = None
        return batch

    def _call(self, line: Callable[[], None]) -> None:
        try:
            line()
        except Exception:
            log.exception("log_line_failed")

    def _write(self, batch: Sequence[str]) -> None:
        try:
            self._target.stream.write("".join(batch))
            self._target.flush()
        except (OSError, ValueError):  # closed, full, or nobody reads: said as soon as somebody does
            with self._changed:
                self._dropped += len(batch)

    def _run(self) -> None:
        run_when_there_is_some(self._changed, lambda: self._waiting, self.flush, gather=self._gather)

    def _end(self) -> None:
        """What is logged from now on is written at once: the thread may not come to it any more."""
        self._ended = True
        self.flush()


def write_together() -> None:
    """From now on lines that this process writes to its console are gathered. For one that does not fork."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(handler)
        root.addHandler(LineWriter(handler))


def log_later(line: Callable[[], None]) -> None:
    """Has `line`, which logs, called among others of its kind; at once where lines are not gathered.

    It is called in another thread: whatever it says of the request, it has to know.
    """
    writer = next((one for one in logging.getLogger().handlers if isinstance(one, LineWriter)), None)
    if writer is None:
        line()
    else:
        writer.put(line)
