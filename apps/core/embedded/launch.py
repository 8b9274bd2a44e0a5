"""Becomes a supervised process: `python -I -S launch.py PARENT SIGNAL UID GID COMMAND...`.

A program of its own, because code between fork and exec is not safe in a process that has threads. It drops
privileges (UID of -1: keeps them), asks for SIGNAL when PARENT ends, and becomes COMMAND. The standard library's
start-up is all it costs (about 20 ms), so it imports nothing of the project.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# A shell starts background jobs with some of these ignored, and an exec would hand that on.
USUAL_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD)


def set_death_signal(number: int) -> None:
    """Asks the kernel to send `number` to this process when the thread that forked it ends (Linux).

    An exec keeps the setting; a fork and a change of user clear it. Raises OSError when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def drop_privileges(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main() -> None:
    parent, number, uid, gid = (int(value) for value in sys.argv[1:5])
    command = sys.argv[5:]
    for name in USUAL_SIGNALS:
        signal.signal(name, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if uid >= 0:
        drop_privileges(uid, gid)
    set_death_signal(number)
    if os.getppid() != parent:
        sys.exit("the parent ended while this process started")
    try:
        os.execv(command[0], command)  # noqa: S606 - becoming that program is the point  # nosec B606
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
