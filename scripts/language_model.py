"""Fetches the optional language model and installs what runs it, into the virtual environment that runs this.

`python scripts/language_model.py [--gguf FILE [--copy]]`. Exit status 0 when both are there, 2 when they cannot be had.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

from setup import MODELS, REQUIREMENTS, ROOT, install_requirements, say

SERVER = REQUIREMENTS / "language_server.txt"


def main() -> int:
    models = Path(os.environ.get("TOUCHSTONE_MODELS") or MODELS)
    command = [sys.executable, "-m", "apps.inference.local_model.fetch", "--out", models.resolve(), *sys.argv[1:]]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        return status
    if not is_installed():
        say(f"installing {SERVER.relative_to(ROOT)} (34 MB)")
        try:
            install_requirements(Path(sys.prefix), [SERVER])
        except subprocess.CalledProcessError:
            print("no language model: what runs it cannot be installed here", file=sys.stderr)
            return 2
    say("make run starts it from the next start on")
    return 0


def is_installed() -> bool:
    """Whether the pinned version is here."""
    pinned = re.search(r"^([\w-]+)==(\S+)", SERVER.read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned
    try:
        return importlib.metadata.version(pinned[1]) == pinned[2]
    except importlib.metadata.PackageNotFoundError:
        return False


if __name__ == "__main__":
    raise SystemExit(main())
