"""Starts the server as a subprocess that dies with its parent, and talks to it."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
KEY = "scripted-key"
STOPS_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class ScriptedServer:
    url: str
    key: str
    pid: int

    @property
    def base_url(self) -> str:
        """What clients of OpenAI's protocol take."""
        return f"{self.url}/v1"

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port
        return port

    def script(self, model: str, *steps: Mapping[str, Any], always: Mapping[str, Any] | None = None) -> None:
        """Queues what happens to the next requests for a model, and says what happens to all that follow."""
        self.ask("POST", "/_script", {"model": model, "steps": list(steps), "always": always})

    def counts(self) -> dict[str, Any]:
        return self.ask("GET", "/_counts")

    def count(self, model: str) -> dict[str, Any]:
        """One model's counts; empty before its first request."""
        found: dict[str, Any] = self.counts()["models"].get(model, {})
        return found

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "/_requests")["requests"]
        return found

    def wait_until_idle(self, seconds: float = 60.0) -> None:
        """Returns when nothing is under way, as soon as the server has noticed what clients left."""
        until = time.monotonic() + seconds
        while self.counts()["open"]:
            if time.monotonic() > until:
                raise TimeoutError(f"requests are still under way: {self.counts()}")
            time.sleep(0.01)

    def set_deadline(self, seconds: float) -> None:
        self.ask("POST", "/_deadline", {"seconds": seconds})

    def reset(self) -> None:
        self.ask("POST", "/_reset")

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Raises ValueError with the server's words where it refuses."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(found["error"])
        return found


@contextmanager
def scripted_server(*, port: int = 0, key: str = KEY) -> Iterator[ScriptedServer]:
    command = [sys.executable, "-m", "tests.scripted", "--port", str(port), "--key", key, "--with-parent"]
    # Nobody else holds the other end of its standard input, so that it ends with this process, however that ends.
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"the scripted server did not start: status {process.wait(STOPS_WITHIN)}")
            yield ScriptedServer(url, key, process.pid)
        finally:
            process.stdin.close()
            process.wait(STOPS_WITHIN)
