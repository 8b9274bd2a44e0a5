"""Log lines that no request waits for."""

import io
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from apps.core.log_lines import LineWriter, log_later, write_together

NEVER = 3600.0
"""Seconds: lines wait until somebody asks for them."""
OURS = ("tests.lines", "touchstone.logs")
"""Threads that earlier tests left may log too."""


class Console(io.StringIO):
    """Counts how often it is written to. While `broken`, it cannot be."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.broken = False

    def write(self, text: str) -> int:
        if self.broken:
            raise BrokenPipeError
        self.writes += 1
        return super().write(text)

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture
def console() -> Console:
    return Console()


def make_writer(console: Console, *, limit: int = 100) -> LineWriter:
    target = logging.StreamHandler(console)
    target.setFormatter(logging.Formatter("%(message)s"))
    writer = LineWriter(target, limit=limit, gather=NEVER)
    writer.addFilter(lambda record: record.name in OURS)
    return writer


@pytest.fixture
def writer(console: Console) -> LineWriter:
    return make_writer(console)


@pytest.fixture
def logger(writer: LineWriter) -> Iterator[logging.Logger]:
    root = logging.getLogger()
    root.addHandler(writer)
    logger = logging.getLogger("tests.lines")
    logger.setLevel(logging.INFO)
    yield logger
    root.removeHandler(writer)
    logger.setLevel(logging.NOTSET)


def test_lines_are_written_together_in_their_order(
    logger: logging.Logger, writer: LineWriter, console: Console
) -> None:
    logger.info("first %s", [1])
    log_later(lambda: logger.info("second"))
    logger.warning("third")
    assert console.lines == []
    writer.flush()
    assert (console.lines, console.writes) == (["first [1]", "second", "third"], 1)


def test_a_line_says_what_was_so_when_it_was_said(logger: logging.Logger, writer: LineWriter, console: Console) -> None:
    found = ["a"]
    logger.info("found %s", found)
    found.append("b")
    writer.flush()
    assert console.lines == ["found ['a']"]


def test_an_error_is_written_at_once_behind_what_was_said_before(logger: logging.Logger, console: Console) -> None:
    log_later(lambda: logger.info("before"))
    logger.error("failed")
    assert console.lines == ["before", "failed"]


def test_lines_without_room_are_dropped_and_counted(console: Console) -> None:
    writer = make_writer(console, limit=2)
    root = logging.getLogger()
    root.addHandler(writer)
    try:
        for number in range(5):
            writer.put(f"{number}\n")
        writer.flush()
    finally:
        root.removeHandler(writer)
    assert console.lines[:2] == ["0", "1"]
    assert "log_lines_dropped" in console.lines[2]
    assert "3" in console.lines[2]


def test_what_cannot_be_written_is_said_once_it_can(
    logger: logging.Logger, writer: LineWriter, console: Console
) -> None:
    console.broken = True
    logger.info("unheard")
    writer.flush()
    console.broken = False
    logger.info("heard")
    writer.flush()
    assert console.lines[0] == "heard"
    assert "log_lines_dropped" in console.lines[1]


def test_a_call_that_fails_loses_no_other_line(logger: logging.Logger, writer: LineWriter, console: Console) -> None:
    log_later(lambda: logger.info("%s", [][0]))
    log_later(lambda: logger.info("next"))
    writer.flush()
    assert "log_line_failed" in console.getvalue()
    assert console.lines[-1] == "next"


def test_threads_that_fail_while_others_log_do_not_wait_for_each_other(
    logger: logging.Logger, writer: LineWriter, console: Console
) -> None:
    def work(number: int) -> None:
        for _ in range(50):
            log_later(lambda: logger.info("later"))
            logger.error("error %s", number)

    threads = [threading.Thread(target=work, args=[number], daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    writer.flush()
    assert not any(thread.is_alive() for thread in threads)
    assert len(console.lines) == 400


def test_without_a_writer_lines_are_logged_at_once() -> None:
    said: list[str] = []
    log_later(lambda: said.append("now"))
    assert said == ["now"]


def test_only_the_console_is_stood_in_for() -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    console, other = logging.StreamHandler(io.StringIO()), logging.NullHandler()
    root.handlers[:] = [console, other]
    try:
        write_together()
        assert [type(one) for one in root.handlers] == [logging.NullHandler, LineWriter]
    finally:
        root.handlers[:] = before


PROGRAM = """
import logging, sys
from apps.core.log_lines import write_together, log_later
logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
write_together()
logging.info("one")
log_later(lambda: logging.info("two"))
"""


def test_a_process_that_ends_writes_what_waits() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["one", "two"]
