"""The folder of the index: one builder at a time, whole generations only, and no more of them than are in use.

root/CURRENT            the name of the generation to open
root/00000007-1f2e3d4c/ a generation: its files and manifest.json
root/.building-.../     a build under way, or what is left of one that died
root/LOCK               held by the builder
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.functions.index.manifest import CURRENT

BUILDING = ".building-"
LOCK = "LOCK"
KEPT = 2
"""Generations kept: the current one, and the one before it, which somebody may be about to open."""


@contextmanager
def building_folder(root: Path) -> Iterator[Path]:
    """A new folder to build in, for the only builder: others wait here. What dead builders left is removed."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in root.glob(f"{BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        (root / f".{CURRENT}").unlink(missing_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=BUILDING, dir=root))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def next_generation(root: Path, digest: str) -> str:
    """A name that sorts after all that are there."""
    last = max((int(folder.name.split("-")[0]) for folder in list_generations(root)), default=0)
    return f"{last + 1:08d}-{digest[:8]}"


def publish(root: Path, folder: Path, generation: str) -> None:
    """Give a finished folder its name and make it the current one, or leave everything as it was."""
    sync_folder(folder)
    folder.rename(root / generation)
    sync_folder(root)
    swap = root / f".{CURRENT}"
    with swap.open("w") as file:
        file.write(generation + "\n")
        file.flush()
        os.fsync(file.fileno())
    swap.replace(root / CURRENT)
    sync_folder(root)


def remove_old_generations(root: Path) -> None:
    """Remove all but the newest. Processes that have an older one mapped keep it until they let go."""
    for folder in list_generations(root)[:-KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def list_generations(root: Path) -> list[Path]:
    """The folders of generations, oldest first."""
    found = [path for path in root.glob("[0-9]*-*") if path.is_dir() and path.name.split("-")[0].isdigit()]
    return sorted(found, key=lambda path: int(path.name.split("-")[0]))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
