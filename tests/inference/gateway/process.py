"""A gateway as operators run it, in front of the tests' database and the scripted server."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from apps.core.embedded.home import REPOSITORY
from tests.core.embedded.test_up import free_ports

STARTS_WITHIN = 240.0
STOPS_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: Any
    """Of JSON what it holds, else its bytes."""


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    port: int
    main: subprocess.Popen[bytes]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def worker(self) -> psutil.Process:
        """Which serves."""
        workers = [
            one for one in psutil.Process(self.main.pid).children() if "resource_tracker" not in one.cmdline()[-1]
        ]
        assert len(workers) == 1
        return workers[0]

    def stop(self) -> None:
        self.main.send_signal(signal.SIGTERM)
        self.main.wait(STOPS_WITHIN)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """`body` is sent as it is where it is bytes, else as JSON."""
        given = {"Authorization": f"Bearer {key}"} if key else {}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, content, {**given, **(headers or {})})
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, told, json.loads(raw) if told["content-type"] == "application/json" else raw)


@contextmanager
def gateway_process(
    database: str, application: str = "config.asgi:application", **environment: str
) -> Iterator[GatewayProcess]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backlog", "4096", "--workers-kill-timeout", "60", application]
    settings = {"DJANGO_SETTINGS_MODULE": "tests.inference.gateway.settings", "GATEWAY_DATABASE": database}
    with subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, **settings, **environment}) as main:
        gateway = GatewayProcess(port, main)
        try:
            wait_until_live(gateway)
            yield gateway
        finally:
            if main.poll() is None:
                gateway.stop()


def wait_until_live(gateway: GatewayProcess) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            if gateway.ask("GET", "/health/live").status == 200:
                return
        except OSError:
            if gateway.main.poll() is not None or time.monotonic() > until:
                raise
        time.sleep(0.1)
