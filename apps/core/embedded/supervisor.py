"""Starts processes, restarts those that end, and stops them in order. Knows nothing of what they are."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Protocol

from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.interrupts import Bell
from apps.core.embedded.process import STABLE_SECONDS, Child, ChildSpec, always, describe_end, launch

BUSY_TICK = 0.05  # seconds between two looks while something starts or stops
IDLE_TICK = 1.0
ATTEMPTS = 3  # starts that a process gets before the first success, when somebody waits for it
LAST_SECONDS = 5.0  # between the last polite signal and SIGKILL


class Outputs(Protocol):
    """Where the children's output and our own remarks go."""

    def open(self, name: str) -> int:
        """A descriptor for a child's output; the caller closes it."""

    def say(self, text: str) -> None: ...


class StopRequestedError(Exception):
    """Somebody asked to stop while something was waited for."""


class StepFailedError(EmbeddedError):
    """A process that had to do its work and end has failed."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} failed ({describe_end(status)})")
        self.status = status


class Supervisor:
    """The children of one process, looked after from its main thread."""

    def __init__(self, outputs: Outputs, bell: Bell) -> None:
        self._outputs = outputs
        self._bell = bell
        self._children: dict[str, Child] = {}
        self._steps: list[subprocess.Popen[bytes]] = []

    def add(self, *specs: ChildSpec) -> None:
        """Starts these and keeps them alive from now on; they start as soon as they may."""
        for spec in specs:
            self._children[spec.name] = Child(spec)
        self._look()

    def wait_ready(self, *names: str, seconds: float) -> None:
        """Returns when all of these are ready. Raises EmbeddedError when one cannot be had in `seconds`."""
        deadline = time.monotonic() + seconds
        waiting = [self._children[name] for name in names]
        while not all(child.ready for child in waiting):
            self._pause(BUSY_TICK)
            for child in waiting:
                if not child.ready and child.failures >= ATTEMPTS:
                    raise EmbeddedError(f"{child.spec.name} does not start ({describe_end(child.status)})")
            if time.monotonic() > deadline:
                missing = ", ".join(child.spec.name for child in waiting if not child.ready)
                raise EmbeddedError(f"not ready after {seconds:.0f} s: {missing}")

    def run_step(self, spec: ChildSpec, seconds: float) -> Callable[[], bytes]:
        """Starts a process that is to do its work and end.

        Call the result to wait for that and get what it wrote to its standard output (a pipe's worth at most).
        That raises StepFailedError when it fails, or is not done after `seconds`.
        """
        reader, writer = os.pipe()
        log = self._outputs.open(spec.name)
        step = launch(spec, writer, log)
        os.close(writer)
        os.close(log)
        self._steps.append(step)
        deadline = time.monotonic() + seconds

        def finish() -> bytes:
            while step.poll() is None:
                if time.monotonic() > deadline:
                    step.kill()
                self._pause(BUSY_TICK)
            if step.returncode != 0:
                raise StepFailedError(spec.name, step.returncode)
            with open(reader, "rb") as output:
                return output.read()

        return finish

    def watch(self) -> None:
        """Keeps the children alive until somebody asks to stop."""
        while not self._bell.stop_requests:
            settled = all(child.ready for child in self._children.values())
            self._bell.wait(IDLE_TICK if settled else BUSY_TICK)
            self._look()

    def stop(self) -> None:
        """Stops all children, rank by rank. A further request to stop means at once."""
        heard = self._bell.stop_requests
        for step in self._steps:
            step.kill()
            step.wait()
        for rank in sorted({child.spec.stop_rank for child in self._children.values()}):
            group = [child for child in self._children.values() if child.spec.stop_rank == rank and child.running]
            self._stop_group(group, heard)
        self._children.clear()

    def _pause(self, seconds: float) -> None:
        self._bell.wait(seconds)
        self._look()
        if self._bell.stop_requests:
            raise StopRequestedError

    def _look(self) -> None:
        for child in self._children.values():
            if child.reap():
                delay = child.plan_restart()
                self._outputs.say(f"{child.spec.name} ended ({describe_end(child.status)}), again in {delay:.2g} s")
            if not child.running:
                self._start_when_due(child)
            elif not child.ready and child.spec.is_ready():
                child.ready = True
                state = "started" if child.spec.is_ready is always else "ready"
                self._outputs.say(f"{child.spec.name} {state} ({time.monotonic() - child.started_at:.1f} s)")
            elif child.failures and time.monotonic() - child.started_at > STABLE_SECONDS:
                child.failures = 0

    def _start_when_due(self, child: Child) -> None:
        if time.monotonic() < child.start_after or not child.spec.may_start():
            return
        output = self._outputs.open(child.spec.name)
        try:
            child.start(output, output)
        finally:
            os.close(output)

    def _stop_group(self, group: list[Child], heard: int) -> None:
        """Asks politely, then firmly, then not at all."""
        started = time.monotonic()
        for child in group:
            child.signal(child.spec.stop_signal)
        firm: dict[str, float] = {}
        while left := [child for child in group if child.running and not child.reap()]:
            now = time.monotonic()
            for child in left:
                late = now - started > child.spec.stop_seconds or self._bell.stop_requests > heard
                if late and child.spec.name not in firm:
                    firm[child.spec.name] = now
                    child.signal(child.spec.last_signal)
                elif child.spec.name in firm and now - firm[child.spec.name] > LAST_SECONDS:
                    child.signal_group(signal.SIGKILL)
            self._bell.wait(BUSY_TICK)
