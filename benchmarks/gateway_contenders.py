"""Who stands between a client and the same scripted upstream: nobody, LiteLLM's proxy, Touchstone's gateway."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.figures import ROOT
from benchmarks.gateway_load import Address
from benchmarks.http_home import GENEROUS
from benchmarks.stack import find_role, running
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT

BARE = "upstream alone"
LITELLM = "LiteLLM"
TOUCHSTONE = "Touchstone"
VENV = ROOT / "var" / "peers" / "litellm"
PINS = ROOT / "requirements" / "litellm.txt"
STARTS_WITHIN = 300.0
KNOWN_WITHIN = 30.0
LITELLM_KEY = "sk-bench"
# It may neither fetch what it lists nor tell anybody of itself, and writes no line for each request.
QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_MODE": "PRODUCTION",
    "DISABLE_ADMIN_UI": "True",
}
CONFIG = """\
model_list:
  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: {base_url}
      api_key: {key}
litellm_settings:
  telemetry: false
  num_retries: 0
  set_verbose: false
general_settings:
  master_key: {master_key}
"""


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    address: Address
    pid: int

    def measure_memory(self) -> float:
        """Megabytes resident in its process and those below it."""
        return sum(one.memory_info().rss for one in self._family()) / 1e6

    def measure_work(self) -> float:
        """Seconds of a core that they have used so far."""
        return sum(sum(one.cpu_times()[:2]) for one in self._family())

    def _family(self) -> list[psutil.Process]:
        whole = psutil.Process(self.pid)
        return [whole, *whole.children(recursive=True)]


def stand_alone(upstream: ScriptedServer) -> Contender:
    return Contender(BARE, Address(upstream.base_url, upstream.key, CHAT), upstream.pid)


@contextmanager
def litellm(upstream: ScriptedServer, folder: Path) -> Iterator[Contender]:
    """LiteLLM's proxy with one worker, no database, and one model: the upstream's."""
    make_environment()
    config = folder / "litellm.yaml"
    config.write_text(
        CONFIG.format(model=CHAT, base_url=upstream.base_url, key=upstream.key, master_key=LITELLM_KEY), "utf-8"
    )
    port = find_port()
    command: list[str | Path] = [VENV / "bin" / "litellm", "--config", config, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--num_workers", "1"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with (folder / "litellm.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env={**kept, **QUIET}, stdout=log, stderr=log)
    try:
        wait_until_live(f"http://127.0.0.1:{port}/health/liveliness", process, folder / "litellm.log")
        yield Contender(LITELLM, Address(f"http://127.0.0.1:{port}/v1", LITELLM_KEY, CHAT), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def touchstone(upstream: ScriptedServer, folder: Path) -> Iterator[Contender]:
    """The gateway of a whole stack on a new home, with one model: the upstream's."""
    home = folder / "home"
    port = find_port()
    # Its one client asks more in a minute than the limit of a key lets through.
    os.environ.update(TOUCHSTONE_HOME=str(home), LOG_LEVEL="ERROR", **GENEROUS)
    with running(home, port):
        token = curate(upstream)
        (gateway,) = (one for one in psutil.process_iter() if is_gateway(one, home))
        address = Address(f"http://127.0.0.1:{port + 1}/v1", token, CHAT)
        wait_until_known(address)
        yield Contender(TOUCHSTONE, address, gateway.pid)


def curate(upstream: ScriptedServer) -> str:
    """The token of a key that may use the upstream's model."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    django.setup()
    from apps.inference.models import Provider, ServedModel
    from apps.users.scopes import INFERENCE_USE
    from apps.users.services import create_key, create_user

    provider = Provider.objects.create(name="upstream", base_url=upstream.base_url, api_key=upstream.key)
    ServedModel.objects.create(provider=provider, name=CHAT, remote_name=CHAT, price_in=1, price_out=2)
    user, _ = create_user(email="bench@example.com", role="viewer")
    return create_key(user=user, name="bench", scopes=[INFERENCE_USE])[1]


def is_gateway(process: psutil.Process, home: Path) -> bool:
    """Whether it is the one that begins the others which serve."""
    try:
        is_one = find_role(process, str(home)) == "gateway"
        parent = process.parent() if is_one else None
        return is_one and (parent is None or find_role(parent, str(home)) != "gateway")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def wait_until_known(address: Address) -> None:
    """The gateway hears within seconds of what was curated."""
    url = f"{address.base_url}/models/{address.model}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {address.key}"})
    until = time.monotonic() + KNOWN_WITHIN
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def make_environment() -> None:
    """LiteLLM's own, since its pins are others than the product's."""
    stamp = VENV / ".installed"
    wanted = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {PINS.relative_to(ROOT)} in {VENV.relative_to(ROOT)}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    pip: list[str | Path] = [VENV / "bin" / "python", "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", PINS], check=True)
    stamp.write_text(wanted)


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_live(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Raises RuntimeError with the end of the log where it ends first, or nothing answers in time."""
    until = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"nobody answers at {url}: {log.read_text('utf-8', errors='replace')[-2000:]}")
