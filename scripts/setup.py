"""Makes the virtual environment hold exactly what the pinned requirements say, and the embedding model.

Needs nothing but a Python from 3.11 to 3.13. A second call that finds everything in place takes no time.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
MODELS = ROOT / "var" / "models"
SUPPORTED = ((3, 11), (3, 14))
FILES = {"base": ["base"], "dev": ["dev", "referee", "language_server"]}
FILES["bench"] = [*FILES["dev"], "bench"]
"""The files of pins in each, which holds all of those before it. They name all that they need, so that nothing is
resolved: referee must not be."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--requirements", choices=[*FILES], default="base")
    options = parser.parse_args()
    if not SUPPORTED[0] <= sys.version_info < SUPPORTED[1]:
        return fail(f"Python 3.11 to 3.13 is needed, and this is {sys.version.split()[0]}: make run PYTHON=python3.11")
    venv = options.venv.resolve()
    if not is_current(venv, options.requirements):
        install(venv, options.requirements)
    return convert_model(venv)


def is_current(venv: Path, name: str) -> bool:
    """Whether an install of these requirements, or of some that hold all of them, by this Python went through."""
    kinds = [*FILES]
    stamps = [venv / f".installed-{kind}" for kind in kinds[kinds.index(name) :]]
    return any(stamp.exists() and stamp.read_text() == fingerprint(stamp.name.rpartition("-")[2]) for stamp in stamps)


def fingerprint(name: str) -> str:
    body = b"".join((REQUIREMENTS / f"{file}.txt").read_bytes() for file in FILES[name])
    return f"{sys.version_info[0]}.{sys.version_info[1]} {sys.base_prefix} {hashlib.sha256(body).hexdigest()}"


def install(venv: Path, name: str) -> None:
    started = time.monotonic()
    if venv.exists() and not has_same_python(venv):
        say(f"{venv.name} is of another Python: making it again")
        shutil.rmtree(venv)
    if not venv.exists():
        say(f"making the virtual environment {venv.name} (Python {sys.version.split()[0]})")
        make_venv(venv)
    say(f"installing {' and '.join(f'requirements/{file}.txt' for file in FILES[name])}")
    install_requirements(venv, [REQUIREMENTS / f"{file}.txt" for file in FILES[name]])
    (venv / f".installed-{name}").write_text(fingerprint(name))
    say(f"installed in {time.monotonic() - started:.0f} s")


def has_same_python(venv: Path) -> bool:
    probe = "import sys; print(sys.version_info[:2], sys.base_prefix)"
    found = subprocess.run([venv / "bin" / "python", "-c", probe], capture_output=True, text=True, check=False)
    return found.stdout.strip() == f"{sys.version_info[:2]} {sys.base_prefix}"


def make_venv(venv: Path) -> None:
    made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise SystemExit(fail((made.stdout + made.stderr).strip() or "python -m venv failed"))


def install_requirements(venv: Path, files: list[Path]) -> None:
    """uv is some five times as fast; where it cannot reach the registry, pip, with its own settings, may."""
    pip = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    quiet = [*pip, "install", "-q", "--require-hashes"]
    subprocess.run([*quiet, "-r", REQUIREMENTS / "installer.txt"], check=True)
    pinned = ["--no-deps", *(part for file in files for part in ("-r", file))]
    uv = [venv / "bin" / "uv", "pip", "install", "-q", "--compile-bytecode", "--require-hashes", *pinned]
    environ = {**os.environ, "VIRTUAL_ENV": str(venv)}
    if subprocess.run(uv, env=environ, check=False).returncode:
        say("installing with pip instead")
        subprocess.run([*quiet, *pinned], check=True)


def convert_model(venv: Path) -> int:
    command = [venv / "bin" / "python", "-m", "apps.inference.embedding.convert", "--out", MODELS]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def fail(text: str) -> int:
    print(f"setup: {text}", file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
