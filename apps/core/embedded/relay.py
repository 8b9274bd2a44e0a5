"""One log stream: every line that the children write, behind the name of who wrote it."""

import os
import selectors
import threading
import time
from collections import deque
from contextlib import suppress
from io import RawIOBase

CHUNK = 64 * 1024
LINE_LIMIT = 16 * 1024  # bytes; a longer line is shown in pieces
NAME_WIDTH = 10
COLOURS = (36, 33, 32, 35, 34, 31)  # ANSI foreground colours, given out in turn
OURSELVES = "touchstone"
CLOSE_SECONDS = 5.0
FULL_SECONDS = 0.02


class LineSplitter:
    """Cuts a byte stream into lines, and a line longer than LINE_LIMIT into pieces, so that memory stays bounded."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their line ends."""
        *whole, rest = (self.rest + data).split(b"\n")
        pieces = [piece for line in whole for piece in cut(line)]
        *full, self.rest = cut(rest)
        return pieces + full

    def finish(self) -> list[bytes]:
        """What is left at the end of the stream: a line that was never ended."""
        rest, self.rest = self.rest, b""
        return [rest] if rest else []


def cut(line: bytes) -> list[bytes]:
    """`line` in pieces of at most LINE_LIMIT bytes; one empty piece when it is empty."""
    return [line[start : start + LINE_LIMIT] for start in range(0, len(line), LINE_LIMIT)] or [b""]


class LogRelay:
    """Reads the children's pipes in a thread of its own, and writes whole lines to `stream` (unbuffered).

    A child that writes much is read in turn with the others; one that writes half a line is waited for, without
    anybody else waiting. Our own remarks are handed to the thread, so a reader that pauses holds up the log only.
    When `stream` breaks, the pipes are still emptied: no child blocks on its log.
    """

    def __init__(self, stream: RawIOBase, *, colour: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._broken = False
        self._selector = selectors.DefaultSelector()
        self._opened: deque[tuple[int, bytes]] = deque()
        self._said: deque[tuple[bytes, str]] = deque()
        self._prefixes: dict[str, bytes] = {}
        self._wake_reader, self._wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._closing = threading.Event()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="log-relay", daemon=True)
        self._thread.start()

    def open(self, name: str) -> int:
        """The writing end of a new pipe for a child called `name`; the caller closes it once the child has it."""
        reader, writer = os.pipe()
        self._opened.append((reader, self._prefix(name)))
        self._wake()
        return writer

    def say(self, text: str) -> None:
        """Writes our own lines."""
        self._said.append((self._prefix(OURSELVES), text))
        self._wake()

    def show(self, text: str) -> None:
        """Writes a block meant for people, without a prefix."""
        self._said.append((b"", text))
        self._wake()

    def close(self) -> None:
        """Writes what is left in the pipes, and ends the thread; gives up on a reader that does not read."""
        self._closing.set()
        self._wake()
        self._thread.join(timeout=CLOSE_SECONDS)

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._wake_writer, b"+")

    def _prefix(self, name: str) -> bytes:
        if name not in self._prefixes:
            label = f"{name:<{NAME_WIDTH}} | "
            colour = COLOURS[len(self._prefixes) % len(COLOURS)]
            self._prefixes[name] = (f"\x1b[{colour}m{label}\x1b[0m" if self._colour else label).encode()
        return self._prefixes[name]

    def _run(self) -> None:
        while True:
            ready = self._selector.select(timeout=0 if self._closing.is_set() else None)
            sources = [key for key, _ in ready if key.data is not None]
            for key in sources:
                self._relay(key)
            if len(sources) < len(ready):
                self._take_news()
            elif not sources:
                break
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                self._end(key)

    def _take_news(self) -> None:
        os.read(self._wake_reader, CHUNK)
        while self._opened:
            reader, prefix = self._opened.popleft()
            self._selector.register(reader, selectors.EVENT_READ, (prefix, LineSplitter()))
        while self._said:
            prefix, text = self._said.popleft()
            self._write(prefix, [line.encode() for line in text.splitlines()])

    def _relay(self, key: selectors.SelectorKey) -> None:
        prefix, splitter = key.data
        data = os.read(key.fd, CHUNK)
        if data:
            self._write(prefix, splitter.feed(data))
        else:
            self._end(key)

    def _end(self, key: selectors.SelectorKey) -> None:
        prefix, splitter = key.data
        self._write(prefix, splitter.finish())
        self._selector.unregister(key.fd)
        os.close(key.fd)

    def _write(self, prefix: bytes, lines: list[bytes]) -> None:
        if self._broken:
            return
        block = memoryview(b"".join(prefix + line.rstrip(b"\r") + b"\n" for line in lines))
        try:
            while block:
                written = self._stream.write(block)
                if written is None:  # somebody has made the terminal non-blocking, and it is full
                    time.sleep(FULL_SECONDS)
                else:
                    block = block[written:]
        except OSError:
            self._broken = True  # whoever read it has gone
