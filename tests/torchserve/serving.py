"""Starts TorchServe on ports of its own, and ends it whole: its launcher, its Java process and its workers."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.core.embedded.test_up import free_ports
from tests.torchserve.environment import NAME, archive_model, make_environment

READY_WITHIN = 120.0
STOPS_WITHIN = 20.0
MODEL = {"marName": f"{NAME}.mar", "minWorkers": 1, "maxWorkers": 1, "batchSize": 32, "maxBatchDelay": 5}


@dataclass(slots=True)
class TorchServe:
    """Its inference and management ports stay the same over a restart."""

    folder: Path
    programs: Path
    inference: int
    management: int
    metrics: int
    others: tuple[int, int]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.inference}"

    def start(self) -> None:
        """Returns when a worker of the model is ready. Raises RuntimeError with its log where none gets so."""
        settings = self.folder / "config.properties"
        settings.write_text(self._settings(), encoding="utf-8")
        command: list[str | Path] = [self.programs / "torchserve", "--start", "--foreground", "--ncs"]
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--disable-token-auth", "--ts-config", settings, "--model-store", self.folder / "store"],
                cwd=self.folder,
                env={**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}", "LOG_LOCATION": str(self.folder)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError((self.folder / "log.txt").read_text("utf-8")[-4000:])
            time.sleep(0.2)

    def kill(self) -> None:
        """At once, as a crash of the machine would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)

    def is_ready(self) -> bool:
        try:
            status, found = ask(self.management, "GET", f"/models/{NAME}")
        except OSError:
            return False
        return status == 200 and any(worker["status"] == "READY" for worker in found[0]["workers"])

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """The intent and confidence of each text."""
        status, found = ask(self.inference, "POST", f"/predictions/{NAME}", {"instances": texts})
        if status != 200:
            raise ValueError(found)
        predictions: list[dict[str, Any]] = found["predictions"]
        return predictions

    def ping(self) -> str:
        status, found = ask(self.inference, "GET", "/ping")
        return str(found["status"]) if status == 200 else f"status {status}"

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        group = self.process.pid
        with suppress(ProcessLookupError):
            os.killpg(group, number)
        try:
            self.process.wait(STOPS_WITHIN)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self.process = None

    def _settings(self) -> str:
        lines = {
            "inference_address": self.url,
            "management_address": f"http://127.0.0.1:{self.management}",
            "metrics_address": f"http://127.0.0.1:{self.metrics}",
            "grpc_inference_port": self.others[0],
            "grpc_management_port": self.others[1],
            "load_models": f"{NAME}.mar",
            "models": json.dumps({NAME: {"1.0": MODEL}}),
            "disable_system_metrics": "true",
            "number_of_netty_threads": 2,
            "vmargs": "-Xmx256m",
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@contextmanager
def torchserve(folder: Path) -> Iterator[TorchServe]:
    """A server with the intent model, ready; everything it writes goes into the folder."""
    programs = make_environment()
    archive_model(programs, folder)
    inference, management, metrics, *others = free_ports(5)
    server = TorchServe(folder, programs, inference, management, metrics, (others[0], others[1]))
    try:
        server.start()
        yield server
    finally:
        server.stop()
