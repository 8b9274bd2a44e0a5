"""How the supervisor hears of the world: a request to stop, a child that ended."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Bell(Protocol):
    """What the supervisor waits on between two looks at its children."""

    stop_requests: int  # how often somebody asked to stop

    def wait(self, seconds: float) -> None:
        """Returns after `seconds`, or earlier when something has happened."""


class SleepBell:
    """For a process whose signals are not ours to handle: it just sleeps."""

    stop_requests = 0

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class SignalBell:
    """Counts stop signals, and wakes at each of them and at the end of a child."""

    def __init__(self) -> None:
        self.stop_requests = 0
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def wait(self, seconds: float) -> None:
        if select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 4096)

    def hear(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.stop_requests += 1

    def hang(self) -> None:
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            # nohup has the hang-up signal ignored, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.hear)

    def take_down(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)


@contextmanager
def listen_to_signals() -> Iterator[SignalBell]:
    """A bell that hears this process's signals for the time of the block; afterwards they do what they did before."""
    before = {number: signal.getsignal(number) for number in (*STOP_SIGNALS, signal.SIGCHLD)}
    bell = SignalBell()
    bell.hang()
    try:
        yield bell
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        bell.take_down()
