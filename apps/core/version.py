"""Which code runs: what a sweep pins, and pages may show."""

import hashlib
import subprocess
import tomllib
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def pin_code() -> dict[str, str]:
    """The product's version, the commit where there is one, and a digest of the sources as they are."""
    root = Path(settings.BASE_DIR)
    pins = {"version": _read_version(root), "code": _digest_sources(root)}
    commit = _read_commit(root)
    return {**pins, "commit": commit} if commit else pins


def _read_version(root: Path) -> str:
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


def _digest_sources(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((root / "apps").rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _read_commit(root: Path) -> str:
    """Empty where the sources are no checkout, or git is not there."""
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "-c", f"safe.directory={root}", "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
