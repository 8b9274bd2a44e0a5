"""The unprivileged account the database processes run under when Touchstone is started by root."""

import os
import pwd
from dataclasses import dataclass

from apps.core.embedded.errors import EmbeddedError

CANDIDATES = ("touchstone", "nobody")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int


def find_service_account() -> Account | None:
    """The account to drop to, or None for an ordinary user, who keeps their own.

    PostgreSQL refuses to run as root, and asks the system for the name of whoever runs it: an account without a
    passwd entry would not do. Raises EmbeddedError when there is none.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(f"PostgreSQL cannot run as root: add an account named {CANDIDATES[0]}")
