"""What a converted model folder holds, and whether it still holds it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

MODEL_NAME = "all-MiniLM-L6-v2-int8"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"


class ManifestError(Exception):
    """A model folder is missing, incomplete or damaged; the message says which file and how."""


@dataclass(frozen=True)
class FileEntry:
    """One file of the folder: bytes and SHA-256 as hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Written last into a converted folder.

    `digest` names the vectors: it is made of the source weights, the tokenizer and the recipe, not of the converted
    file, so that machines with other library versions agree on it. `files` guards the bytes on this disk.
    """

    digest: str
    recipe: str
    source: str
    dimensions: int
    max_tokens: int
    files: dict[str, FileEntry]


def compute_digest(*parts: bytes) -> str:
    """SHA-256 over the parts' own digests, so that moving a byte from one part to the next changes it."""
    inner = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(inner).hexdigest()


def describe_file(path: Path) -> FileEntry:
    """Size and digest of a file as it is on disk now."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileEntry(size=path.stat().st_size, sha256=digest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST_FILE).write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a converted folder; ManifestError when there is none or it cannot be read."""
    path = folder / MANIFEST_FILE
    try:
        raw = json.loads(path.read_bytes())
        files = {name: FileEntry(**entry) for name, entry in raw.pop("files").items()}
        return Manifest(files=files, **raw)
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ManifestError(f"{path} is damaged: {error}") from error


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Raise ManifestError unless every file is there with its size. Reads no content."""
    for name, entry in manifest.files.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != entry.size:
            raise ManifestError(f"{path} has {'no file' if size is None else f'{size} bytes'}, not {entry.size} bytes")


def verify_folder(folder: Path) -> Manifest:
    """Read every byte of a converted folder and return its manifest; ManifestError when a file differs from it."""
    manifest = read_manifest(folder)
    check_sizes(folder, manifest)
    for name, entry in manifest.files.items():
        if describe_file(folder / name).sha256 != entry.sha256:
            raise ManifestError(f"{folder / name} does not match its digest in {MANIFEST_FILE}")
    return manifest
