"""The optional language model: which file is meant, the process that serves it, and where that process answers.

Needs the standard library only, since `up` imports it. What fetches and serves a model is apps.inference.local_model.
"""

import http.client
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from apps.core.embedded.errors import UsageError
from apps.core.embedded.home import REPOSITORY, Home
from apps.core.embedded.process import ChildSpec
from apps.core.embedded.stack import child_environment

NAME = "llm"
SERVE = "apps.inference.local_model.serve"
PACKAGE = "xllamacpp"
FOLDER = "language_model"
MANIFEST = "manifest.json"
MAGIC = b"GGUF"
OFF, AUTO = "off", "auto"
PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class Manifest:
    """What `make model` put into the models folder. `context` is what the model was trained for, in tokens."""

    name: str
    file: str
    size: int
    sha256: str
    license: str
    context: int
    source: str


@dataclass(frozen=True)
class ModelFile:
    name: str
    path: Path


@dataclass(frozen=True)
class Server:
    """A running server of a language model: an OpenAI-style address that answers to `key` alone.

    `context` is the most tokens that one request and its answer may have together; `slots` requests run at a time,
    further ones wait. The server closes the connection after a stream. Ask for streams even where the whole answer is
    wanted: who leaves a stream frees its slot at the next token, and who leaves a request that is not streamed does so
    only once the server has answered nobody for a second.
    """

    base_url: str
    key: str
    model: str
    context: int
    slots: int
    process: str


def read_manifest(models: Path) -> Manifest | None:
    """What the models folder has; None when it has no language model, or its manifest cannot be read."""
    try:
        return Manifest(**json.loads((models / FOLDER / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def find_model(choice: str, models: Path) -> ModelFile | None:
    """The file that `choice` means: `off`, `auto` (what the models folder has, if anything), or a path.

    Raises UsageError when the path is no GGUF file.
    """
    if choice == OFF:
        return None
    if choice != AUTO:
        path = Path(choice)
        if not is_gguf(path):
            raise UsageError(f"LANGUAGE_MODEL {choice} is not a GGUF file that can be read")
        return ModelFile(path.stem, path)
    manifest = read_manifest(models)
    if manifest is None or not is_gguf(models / FOLDER / manifest.file):
        return None
    return ModelFile(manifest.name, models / FOLDER / manifest.file)


def find_chosen_model(environ: Mapping[str, str] | None = None) -> ModelFile | None:
    """The same for the choice in `environ` (default: the process's own), before any settings are read."""
    environ = os.environ if environ is None else environ
    models = environ.get("TOUCHSTONE_MODELS", "")
    return find_model(environ.get("LANGUAGE_MODEL") or AUTO, Path(models) if models else REPOSITORY / "var" / "models")


def is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def is_installed() -> bool:
    """Whether what runs a model is installed; does not import it."""
    return importlib.util.find_spec(PACKAGE) is not None


def language_model_specs(home: Home, model: ModelFile | None) -> tuple[ChildSpec, ...]:
    """The server's process, where there is a model and what runs it."""
    if model is None or not is_installed():
        return ()
    command = (sys.executable, "-m", SERVE)
    return (ChildSpec(NAME, command, environment=child_environment(home), is_ready=lambda: answers(home)),)


def describe_model(model: ModelFile | None) -> str:
    if model is None:
        return "none: the other tiers answer (make model fetches one)"
    return model.name if is_installed() else f"{model.name} is there, and {PACKAGE}, which runs it, is not: make model"


def write_server(home: Home, server: Server) -> None:
    """Tells the other processes of this home, and nobody else."""
    draft = home.language_model.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(server), file)
    draft.replace(home.language_model)


def read_server(home: Home) -> Server | None:
    """Where this home's server answers; None when none runs, or it is still loading."""
    try:
        server = Server(**json.loads(home.language_model.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.process == identify_process(server.process.rpartition(":")[2]) else None


def forget_server(home: Home) -> None:
    home.language_model.unlink(missing_ok=True)


def identify_process(pid: int | str) -> str:
    """A name that no other process has, on this machine or another that shares the home; empty when it has ended."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot}:{started}:{pid}"


def answers(home: Home) -> bool:
    """Whether the server is there and has loaded its model."""
    server = read_server(home)
    if server is None:
        return False
    connection = http.client.HTTPConnection(server.base_url.split("/")[2], timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
