"""What a generation of the index says of itself, and which generation is the current one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FORMAT = 3
"""Changes with the files, and with how text becomes terms: an index of another format counts as missing."""

CURRENT = "CURRENT"
MANIFEST = "manifest.json"


class ManifestInvalid(ValueError):
    """A generation that cannot be used: torn, of another format, or not an index at all."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`digest` names the content, so that two builds of the same functions have the same; `built_at` is Unix time.

    `watermark` is the caller's mark of what the build has seen. `files` has each file's size in bytes.
    """

    generation: str
    digest: str
    model_digest: str
    watermark: int
    built_at: float
    documents: int
    with_vectors: int
    dimensions: int
    average_lengths: tuple[float, ...]
    languages: tuple[str, ...]
    libraries: tuple[str, ...]
    files: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(self.files.values())

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def parse_manifest(text: str) -> Manifest:
    """Read what `to_json` wrote. Raises ManifestInvalid."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ManifestInvalid(f"the index has format {data['format']}; this is format {FORMAT}")
        for name in ("average_lengths", "languages", "libraries"):
            data[name] = tuple(data[name])
        return Manifest(**data)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ManifestInvalid(f"not a manifest: {error}") from error


def read_manifest(root: Path) -> Manifest | None:
    """The manifest of the current generation; None when there is none that can be used."""
    root = Path(root)
    try:
        return read_generation(root / read_current(root))
    except (OSError, ManifestInvalid):
        return None


def read_current(root: Path) -> str:
    """The name of the current generation's folder. Raises OSError, or ManifestInvalid for a name that is none."""
    name = (root / CURRENT).read_text(encoding="utf-8", errors="replace").strip()
    if not name or not name.replace("-", "").isalnum():
        raise ManifestInvalid(f"{CURRENT} names no generation")
    return name


def read_generation(folder: Path) -> Manifest:
    """A generation's manifest, its files' sizes checked. Raises OSError or ManifestInvalid."""
    manifest = parse_manifest((folder / MANIFEST).read_text(encoding="utf-8", errors="replace"))
    for name, size in manifest.files.items():
        if (folder / name).stat().st_size != size:
            raise ManifestInvalid(f"{name} is not {size:,} bytes long")
    return manifest
