import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.embedded.home import Home, resolve_home


def make_test_home() -> Home:
    """A home of a test's own, where root's servers get through to it: pytest's folders are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="touchstone-case-"))
    folder.chmod(0o711)
    return resolve_home({"TOUCHSTONE_HOME": str(folder)})


@pytest.fixture
def home() -> Iterator[Home]:
    made = make_test_home()
    yield made
    shutil.rmtree(made.path)


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Home]:
    """One home for the tests of a module that start servers: its cluster is made once."""
    made = make_test_home()
    yield made
    shutil.rmtree(made.path)
