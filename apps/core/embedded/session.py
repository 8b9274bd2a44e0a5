"""The embedded services for a command's own duration, unless a running stack has them already."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from apps.core.embedded import postgres
from apps.core.embedded.account import Account, find_service_account
from apps.core.embedded.errors import EmbeddedError, HomeInUseError
from apps.core.embedded.folders import make_home
from apps.core.embedded.home import Home, embedded_urls
from apps.core.embedded.interrupts import SleepBell
from apps.core.embedded.lock import hold_home, is_held, join_users, part_from_users, read_holder
from apps.core.embedded.services import START_SECONDS, running_services, start_services, wanted_services
from apps.core.embedded.supervisor import Supervisor


class FileOutputs:
    """A command's output is its own, so its services write to files in the home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def open(self, name: str) -> int:
        return os.open(self._home.logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def say(self, text: str) -> None:
        """Nobody reads what the services of a command are doing."""


@contextmanager
def embedded_services(
    home: Home, environ: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[bool]:
    """The services that `environ` gives no address of run during the block: the home's running ones, else our own.

    Yields whether we started any. `settings` are PostgreSQL's, for our own. Main thread only.
    Raises EmbeddedError when they cannot be had.
    """
    wanted = wanted_services(environ)
    account = find_service_account()
    while wanted:
        ours = True
        make_home(home, account)
        with ExitStack() as stack:
            try:
                stack.enter_context(hold_home(home))
            except HomeInUseError:
                ours = False
                stack.enter_context(join_users(home))
                if not wait_for_holder(home, wanted):
                    continue  # it has ended: the home is ours for the taking
            else:
                stack.enter_context(own_services(home, account, wanted, settings))
            yield ours
            return
    yield False


@contextmanager
def own_services(
    home: Home, account: Account | None, wanted: tuple[str, ...], settings: Mapping[str, str] | None
) -> Iterator[None]:
    """Runs the services for the time of the block; the home's lock must be held."""
    supervisor = Supervisor(FileOutputs(home), SleepBell())
    try:
        try:
            start_services(supervisor, home, account, wanted, settings)
            supervisor.wait_ready(*wanted, seconds=START_SECONDS)
        except EmbeddedError as error:
            raise EmbeddedError(f"{error}; logs are in {home.logs}") from error
        if postgres.NAME in wanted:
            postgres.ensure_database(embedded_urls(home).database_url)
        yield
    finally:
        with part_from_users(home):
            supervisor.stop()


def wait_for_holder(home: Home, wanted: tuple[str, ...]) -> bool:
    """True once the services of the home's holder answer; False when the holder has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running_services(home, wanted):
            return True
        if not is_held(home):
            return False
        time.sleep(0.1)
    raise EmbeddedError(f"{home.path} is held by {read_holder(home)}, and its services do not answer")
