import io
import os
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.embedded import relay as relays
from apps.core.embedded.relay import LINE_LIMIT, LineSplitter, LogRelay

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reader here is given up: what a slow machine writes late is asked for."""
    monkeypatch.setattr(relays, "CLOSE_SECONDS", 120)


@given(st.lists(st.binary(max_size=50)))
def test_splitting_keeps_every_byte_however_the_stream_arrives(chunks: list[bytes]) -> None:
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    lines += splitter.finish()
    whole = b"".join(chunks)
    assert b"\n".join(lines) == whole.removesuffix(b"\n")
    assert all(b"\n" not in line for line in lines)


@given(st.lists(st.integers(1, 3 * LINE_LIMIT), max_size=5))
def test_a_line_without_end_takes_bounded_memory_and_loses_nothing(sizes: list[int]) -> None:
    splitter = LineSplitter()
    pieces = []
    for size in sizes:
        pieces += splitter.feed(b"x" * size)
        assert len(splitter.rest) <= LINE_LIMIT
    pieces += splitter.finish()
    assert all(0 < len(piece) <= LINE_LIMIT for piece in pieces)
    assert sum(map(len, pieces)) == sum(sizes)


class KeepingStream(io.RawIOBase):
    """Takes a little at a time, and now and then nothing, as a terminal may."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self._writes = 0

    def write(self, data: memoryview) -> int | None:
        self._writes += 1
        if self._writes % 10 == 0:
            return None
        part = bytes(data)[:60_000]
        self.kept += part
        return len(part)


def relay_all(write: Callable[[LogRelay], None], *, colour: bool = False) -> list[str]:
    stream = KeepingStream()
    relay = LogRelay(stream, colour=colour)
    write(relay)
    relay.close()
    return bytes(stream.kept).decode().splitlines()


def test_every_line_carries_the_name_of_its_writer() -> None:
    def write(relay: LogRelay) -> None:
        web, worker = relay.open("web"), relay.open("worker")
        os.write(web, b"one\ntwo\n")
        os.write(worker, b"three\r\n")
        os.write(web, b"unfinished")
        os.close(web)
        os.close(worker)

    assert sorted(relay_all(write)) == [
        "web        | one",
        "web        | two",
        "web        | unfinished",
        "worker     | three",
    ]


def test_half_a_line_keeps_nobody_waiting_and_lines_do_not_mix() -> None:
    def write(relay: LogRelay) -> None:
        slow, quick = relay.open("slow"), relay.open("quick")
        os.write(slow, b"half ")
        for number in range(2000):
            os.write(quick, b"line %d\n" % number)
        os.write(slow, b"and half\n")
        os.close(slow)
        os.close(quick)

    lines = relay_all(write)
    assert lines.count("slow       | half and half") == 1
    assert [line for line in lines if line.startswith("quick")] == [f"quick      | line {n}" for n in range(2000)]
    assert len(lines) == 2001


def test_a_giant_line_comes_in_pieces() -> None:
    def write(relay: LogRelay) -> None:
        writer = relay.open("web")
        thread = threading.Thread(target=lambda: os.write(writer, b"y" * 1_000_000) and os.close(writer))
        thread.start()
        thread.join()

    lines = relay_all(write)
    assert sum(len(line.removeprefix("web        | ")) for line in lines) == 1_000_000
    assert max(map(len, lines)) <= LINE_LIMIT + 13


class BrokenStream(io.RawIOBase):
    def write(self, data: object) -> int:
        raise BrokenPipeError


class PausingStream(io.RawIOBase):
    """A reader that has stopped reading: a terminal after Ctrl-S."""

    def __init__(self) -> None:
        self.going_on = threading.Event()

    def write(self, data: memoryview) -> int:
        self.going_on.wait()
        return len(data)


def test_a_reader_that_pauses_does_not_hold_us_up() -> None:
    stream = PausingStream()
    relay = LogRelay(stream, colour=False)
    for number in range(100_000):
        relay.say(f"remark {number}")
    stream.going_on.set()
    relay.close()


def test_pipes_are_emptied_when_nobody_reads_the_log_any_more() -> None:
    relay = LogRelay(BrokenStream(), colour=False)
    writer = relay.open("web")
    for _ in range(64):  # 4 MB: far more than a pipe holds, so this blocks unless somebody reads
        os.write(writer, b"z" * 65536)
    os.close(writer)
    relay.close()


def test_closing_does_not_wait_for_a_writer_that_stays() -> None:
    kept: list[int] = []

    def write(relay: LogRelay) -> None:
        kept.append(relay.open("web"))
        os.write(kept[0], b"before\n")

    assert relay_all(write) == ["web        | before"]
    os.close(kept[0])


def test_names_are_coloured_on_a_terminal_only() -> None:
    assert relay_all(lambda relay: relay.say("hello"), colour=True) == ["\x1b[36mtouchstone | \x1b[0mhello"]
    assert relay_all(lambda relay: relay.say("one\ntwo")) == ["touchstone | one", "touchstone | two"]
    assert relay_all(lambda relay: relay.show("plain")) == ["plain"]
