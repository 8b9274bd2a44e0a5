"""The Node client of OpenAI, in a process of Node that runs node/client.mjs."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from tests.clients.target import Target

FILES = ("package.json", "package-lock.json", "client.mjs")
SOURCE = Path(__file__).parent / "node"
FOLDER = Path(__file__).resolve().parents[2] / "var" / "node-client"


def find_missing() -> str | None:
    """What it needs and this machine has not."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"the Node client needs {' and '.join(lacking)} (apt: nodejs, npm)" if lacking else None


def install() -> Path:
    """The folder with the client in the pinned version, installed when it is not there, by one process at a time."""
    wanted = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()
    stamp = FOLDER / ".installed"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            for name in FILES:
                shutil.copy(SOURCE / name, FOLDER)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)
            stamp.write_text(wanted)
    return FOLDER


def run(part: str, target: Target) -> Any:
    environ = {
        **os.environ,
        "OPENAI_BASE_URL": target.base_url,
        "OPENAI_API_KEY": target.key,
        "CLIENT_MODEL": target.model,
        "CLIENT_EMBEDDING": target.embedding,
        "CLIENT_ENDLESS": target.endless,
    }
    done = subprocess.run(["node", install() / "client.mjs", part], env=environ, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)[part]


models = partial(run, "models")
chat = partial(run, "chat")
stream = partial(run, "stream")
tools = partial(run, "tools")
stream_tools = partial(run, "stream_tools")
structure = partial(run, "structure")
embed = partial(run, "embed")
errors = partial(run, "errors")
abort = partial(run, "abort")
