"""Remembers that a cluster is prepared, so that a later start need not load Django to find nothing to do.

The stamp lies inside the cluster's folder, and goes wherever the data go. It says which migrations there were and how
Django was set up; where that has changed since, the cluster is prepared again.
"""

import hashlib
import os
import sysconfig
from pathlib import Path

from apps.core.embedded.home import REPOSITORY, Home

NAME = "touchstone-prepared"
MIGRATIONS = ("*/migrations/*.py", "*/contrib/*/migrations/*.py")


def describe_wanted(*, demo: bool) -> str:
    """A digest of all that decides whether a cluster needs preparing."""
    packages = Path(sysconfig.get_path("purelib"))
    names = [
        str(path.relative_to(folder))
        for folder in (REPOSITORY / "apps", packages)
        for pattern in MIGRATIONS
        for path in folder.glob(pattern)
    ]
    settings = [path.read_bytes() for path in sorted((REPOSITORY / "config" / "settings").glob("*.py"))]
    digest = hashlib.sha256("\n".join(sorted(names)).encode())
    for content in (*settings, os.environ.get("DJANGO_SETTINGS_MODULE", "").encode(), str(demo).encode()):
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def is_prepared(home: Home, wanted: str) -> bool:
    """Whether the home's cluster was prepared for just this (a digest of `describe_wanted`)."""
    try:
        return (home.pgdata / NAME).read_text() == wanted
    except FileNotFoundError:
        return False


def mark_prepared(home: Home, wanted: str) -> None:
    (home.pgdata / NAME).write_text(wanted)


def forget_prepared(home: Home) -> None:
    """For whoever changes the schema by hand: the next start looks for itself."""
    (home.pgdata / NAME).unlink(missing_ok=True)
