"""Ties a process's life to its parent's, so that a killed parent leaves nothing behind (Linux)."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
# The supervisor sets it for its children. Outside it, whoever runs the process decides how long it lives.
SUPERVISED = "TOUCHSTONE_SUPERVISED"


def set_death_signal(number: int) -> None:
    """Asks the kernel to send `number` to this process when the thread that forked it ends.

    An exec keeps the setting, a fork and a change of user clear it. Raises OSError when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def die_with_parent() -> None:
    """Makes a process that a supervised server forked (a web worker, a pool child) end when that server ends.

    The leader of the session is the server itself: the launcher has tied it to the supervisor already.
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
