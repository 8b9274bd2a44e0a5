"""What a whole stack costs: seconds to ready, memory of each process, disk.

    python -m benchmarks.stack [--home DIR] [--port 8090]

Starts `manage.py up` twice on the home (the second start is the one that users see daily), signs in, searches so that
the web process holds the model, and prints JSON. Memory is PSS from /proc, as the kernel shares it out.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
READY = re.compile(r"Touchstone is ready")
START_LIMIT = 300


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a home to use, such as one with a catalogue; default: a new one")
    parser.add_argument("--port", type=int, default=8090)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-stack-") as scratch:
        home = options.home or Path(scratch) / "home"
        figures: dict[str, object] = {}
        with running(home, options.port) as seconds:
            figures["first_start_seconds"] = seconds
        with running(home, options.port) as seconds:
            figures["second_start_seconds"] = seconds
            search(home, options.port)
            time.sleep(2)
            figures.update(measure_memory(home))
        figures["home_megabytes"] = disk_megabytes(home)
        figures["venv_megabytes"] = disk_megabytes(Path(sys.prefix))
        figures["model_megabytes"] = disk_megabytes(ROOT / "var" / "models")
    print(json.dumps(figures, indent=2))
    return 0


@contextmanager
def running(home: Path, port: int) -> Iterator[float]:
    """A stack on the home; gives the seconds from its start until it said that it is ready."""
    command = [sys.executable, "manage.py", "up", "--home", str(home), "--port", str(port)]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--gateway-port", str(port + 1), "--no-demo"],
        cwd=ROOT,
        env={**os.environ, "LANGUAGE_MODEL": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if READY.search(line):
                break
            if time.monotonic() - started > START_LIMIT:
                raise TimeoutError("the stack did not become ready")
        else:
            raise RuntimeError("the stack ended before it was ready")
        seconds = round(time.monotonic() - started, 2)
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield seconds
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def search(home: Path, port: int) -> None:
    """A few searches over the API, with a key made for it."""
    import urllib.parse
    import urllib.request

    environ = {**os.environ, "TOUCHSTONE_HOME": str(home)}
    manage = [sys.executable, "manage.py"]
    email = f"bench-{time.time_ns()}@example.com"
    subprocess.run([*manage, "create_user", email, "--role", "viewer", "--json"], cwd=ROOT, env=environ, check=True,
                   stdout=subprocess.PIPE)  # fmt: skip
    made = subprocess.run([*manage, "create_key", email, "--name", "bench", "--scope", "functions:read", "--json"],
                          cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True)  # fmt: skip
    key = json.loads(made.stdout)
    token = key.get("token") or key["key"]
    for query in ("parse a date", "walk over files in a folder", "compress bytes"):
        url = f"http://127.0.0.1:{port}/api/v1/functions/search/?{urllib.parse.urlencode({'q': query})}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30) as response:
            json.load(response)


def measure_memory(home: Path) -> dict[str, object]:
    """PSS in MB by role, of every process that has this home in its environment or command line."""
    totals: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for process in psutil.process_iter():
        try:
            role = find_role(process, str(home))
            if role:
                totals[role] += process.memory_full_info().pss / 1e6
                counts[role] += 1
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    rows = {role: {"processes": counts[role], "pss_mb": round(totals[role], 1)} for role in sorted(totals)}
    return {"memory": rows, "stack_pss_mb": round(sum(totals.values()), 1)}


def find_role(process: psutil.Process, home: str) -> str:
    command = " ".join(process.cmdline())
    if home not in command and process.environ().get("TOUCHSTONE_HOME") != home and not in_service(process, home):
        return ""
    marks = {
        "config.wsgi": "web",
        "config.asgi": "gateway",
        " beat": "beat",
        " worker": "worker",
        "up --home": "supervisor",
    }
    for mark, role in marks.items():
        if mark in command:
            return role
    return "postgres" if "postgres" in command else "valkey" if "valkey" in command else "other"


def in_service(process: psutil.Process, home: str) -> bool:
    return process.name() in ("postgres", "valkey-server") and process.cwd().startswith(home)


def disk_megabytes(folder: Path) -> float:
    done = subprocess.run(["du", "-sm", str(folder)], capture_output=True, text=True, check=False)
    return float(done.stdout.split()[0]) if done.stdout else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
