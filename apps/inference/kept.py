"""What a process keeps of a table, and reads anew once a while behind those who ask."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

T = TypeVar("T")

log = structlog.get_logger("touchstone.inference")


class Kept(Generic[T]):
    """`read` asks the database. It is the same object for as long as what it reads is equal."""

    def __init__(self, name: str, read: Callable[[], T], *, seconds: float) -> None:
        self._name = name
        self._read = read
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: T | None = None
        self._looked = 0.0

    def get(self) -> T:
        known = self._known
        if known is not None and not self._is_due():
            return known
        with self._lock:
            if self._known is None or self._is_due():
                self._look()
            assert self._known is not None
            return self._known

    async def get_async(self) -> T:
        """The same, and who comes when it is time to look gets what is known, unless nobody came for so long again."""
        known = self._known
        if known is None or self._is_due(times=2):
            return await asyncio.to_thread(self._get_in_thread)
        if self._is_due():
            self._looked = time.monotonic()
            asyncio.get_running_loop().run_in_executor(None, self._look_in_thread)
        return known

    def peek(self) -> T | None:
        """What is known, however old; None before the first look."""
        return self._known

    def forget(self) -> None:
        """The next who asks reads the table: for who has just changed it."""
        with self._lock:
            self._known = None

    def _is_due(self, times: int = 1) -> bool:
        return time.monotonic() - self._looked >= times * self._seconds

    def _look(self) -> None:
        """Keeps what is known while the database is away, and raises DatabaseError where nothing is."""
        self._looked = time.monotonic()
        try:
            read = self._read()
        except (DatabaseError, InterfaceError):
            if self._known is None:
                raise
            log.warning(f"{self._name}_not_read")
            return
        if read != self._known:
            self._known = read

    def _get_in_thread(self) -> T:
        try:
            return self.get()
        finally:
            close_old_connections()

    def _look_in_thread(self) -> None:
        with self._lock:
            try:
                self._look()
            finally:
                close_old_connections()
