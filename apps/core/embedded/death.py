"""Ties the life of a process that a supervised server forked to that server's."""

import os
import signal

from apps.core.embedded.launch import set_death_signal

# The supervisor sets it to its number for its children. Outside it, whoever runs the process decides how long it lives.
SUPERVISED = "TOUCHSTONE_SUPERVISED"


def die_with_parent() -> None:
    """Makes this process (a web worker, a pool child) end when the server that forked it ends.

    The leader of the session is that server itself: the launcher has tied it to the supervisor already.
    """
    if SUPERVISED not in os.environ or os.getsid(0) == os.getpid():
        return
    set_death_signal(signal.SIGKILL)
    if not _parent_lives():
        os.kill(os.getpid(), signal.SIGKILL)


def _parent_lives() -> bool:
    """False when the parent ended before the signal was set: an orphan's new parent is of another session."""
    try:
        return os.getsid(os.getppid()) == os.getsid(0)
    except ProcessLookupError:
        return False
