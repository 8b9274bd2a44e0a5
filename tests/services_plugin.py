"""Gives the tests a PostgreSQL and a Valkey of their own, unless the environment names servers to use.

Loaded with `-p`, before Django's settings are: their addresses follow from the home, which is chosen here. Under
xdist the controller has the servers, a Valkey for each of its workers among them, and the workers inherit the
environment. Should pytest be killed, the kernel stops them.
"""

import logging
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.core.embedded import valkey
from apps.core.embedded.home import Home, resolve_home
from apps.core.embedded.lock import is_held
from apps.core.embedded.services import wanted_services
from apps.core.embedded.session import embedded_services

PREFIX = "touchstone-test-"
# The data need not outlive the tests.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}

services = ExitStack()


def choose_home() -> Path | None:
    """A new home for the tests, put into the environment; None in an xdist worker, or when servers are given."""
    if "PYTEST_XDIST_WORKER" in os.environ or not wanted_services():
        return None
    models = resolve_home().models
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o711)  # root's servers run under another account, which must get through
    os.environ["TOUCHSTONE_HOME"] = str(home)
    os.environ.setdefault("TOUCHSTONE_MODELS", str(models))
    return home


# A stack of a test needs none, and one at hand would take gigabytes in each.
os.environ.setdefault("LANGUAGE_MODEL", "off")
HOME = choose_home()


def remove_left_homes() -> None:
    """Removes what killed runs left: their homes, which nobody holds any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        home = resolve_home({"TOUCHSTONE_HOME": str(folder)})
        if home.lock.exists() and os.access(home.lock, os.R_OK | os.W_OK) and not is_held(home):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if HOME is not None and not session.config.option.collectonly:
        remove_left_homes()
        for_workers = range(session.config.getoption("numprocesses", None) or 0)
        services.enter_context(embedded_services(resolve_home(), settings=FAST))
        for number in for_workers if valkey.NAME in wanted_services() else ():
            services.enter_context(embedded_services(home_of_worker(number), {"DATABASE_URL": "another's"}))


def home_of_worker(number: int) -> Home:
    """Of its Valkey. The test settings know it, too."""
    return resolve_home({"TOUCHSTONE_HOME": str(resolve_home().path / f"gw{number}")})


def pytest_unconfigure() -> None:
    # Threads that look for Valkey say that it went, to a stream that pytest has closed.
    logging.raiseExceptions = False
    services.close()
    if HOME is not None:
        shutil.rmtree(HOME, ignore_errors=True)
