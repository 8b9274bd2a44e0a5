"""TorchServe's virtual environment, made once in var/peers, and an archive with the model, made for each start."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
VENV = ROOT / "var" / "peers" / "torchserve"
PINS = HERE / "requirements.txt"
NAME = "intent"


def find_missing() -> str | None:
    """What TorchServe needs and this machine has not."""
    return None if shutil.which("java") else "TorchServe needs Java 17: apt install openjdk-17-jre-headless"


def make_environment() -> Path:
    """Its folder of programs. Takes minutes the first time, since torch is large, and no time after."""
    stamp = VENV / ".installed"
    wanted = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin" / "python", "-m", "pip", "install", "-q", "-r", PINS], check=True)
        stamp.write_text(wanted)
    return VENV / "bin"


def archive_model(programs: Path, folder: Path) -> Path:
    """Trains the model and packs it with its handler as NAME.mar; the folder it lies in."""
    training = [programs / "python", HERE / "training.py", HERE / "intents.json", folder]
    subprocess.run(training, check=True)
    store = folder / "store"
    store.mkdir()
    command: list[str | Path] = [programs / "torch-model-archiver", "--model-name", NAME, "--version", "1.0"]
    command += ["--serialized-file", folder / "model.pt", "--handler", HERE / "handler.py"]
    command += ["--extra-files", folder / "labels.json", "--export-path", store]
    subprocess.run(command, check=True)
    return store
