"""Keeps a server from being started on a data folder that another process still uses."""

import os
import signal
import time
from pathlib import Path

PATIENCE_SECONDS = 30.0  # enough for a server that was told to stop to write everything out


def find_folder_users(folder: Path, program: str) -> list[int]:
    """Process ids of every `program` whose working folder is `folder`.

    Both servers live in their data folder. The program's name counts too, since a person's shell may stand there.
    """
    wanted = os.path.realpath(folder)
    users = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(f"{entry.path}/cwd") == wanted and Path(entry.path, "comm").read_text().strip() == program:
                users.append(int(entry.name))
        except OSError:
            continue  # it has ended meanwhile, or it is somebody else's
    return users


class FolderGate:
    """Answers whether a folder is free, and ends what has used it for longer than PATIENCE_SECONDS.

    Left-overs are sessions of a server that was killed: until they end, its shared memory is in use. Both servers
    replay their log after that, so nothing is lost.
    """

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = program
        self._waiting_since: float | None = None

    def is_free(self) -> bool:
        users = find_folder_users(self._folder, self._program)
        if not users:
            self._waiting_since = None
            return True
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        if now - self._waiting_since > PATIENCE_SECONDS:
            for pid in users:
                os.kill(pid, signal.SIGKILL)
        return False
