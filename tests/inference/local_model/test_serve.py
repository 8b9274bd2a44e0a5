"""The server with a real model of some kilobytes: reached, refused, left in the middle, killed, stopped."""

import http.client
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apps.core.embedded.errors import UsageError
from apps.core.embedded.home import REPOSITORY, Home, resolve_home
from apps.core.embedded.language_model import (
    NAME,
    ModelFile,
    Server,
    answers,
    describe_model,
    find_chosen_model,
    find_model,
    identify_process,
    language_model_specs,
    read_server,
    write_server,
)
from apps.core.embedded.supervisor import Supervisor
from apps.core.health import Unhealthy
from apps.inference.local_model import find_server
from apps.inference.local_model.health import check_language_model
from tests.core.embedded.processes import is_gone, wait_until
from tests.core.embedded.test_supervisor import PatientBell, QuietOutputs

NOBODY = Server("http://127.0.0.1:9/v1", "key", "tiny", 512, 1, "")
CONTEXT = 200_000
LONG = {"prompt": "count", "max_tokens": CONTEXT, "ignore_eos": True}  # takes a minute, if nobody stops it


class LongBell(PatientBell):
    """A start of the server loads Django, and on a busy machine that takes a while."""

    def __init__(self) -> None:
        super().__init__()
        self._deadline = time.monotonic() + 400


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    folder = tempfile.mkdtemp(prefix="touchstone-case-")
    yield resolve_home({"TOUCHSTONE_HOME": folder})
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ModelFile:
    return ModelFile("tiny", tiny_model)


def environ(home: Home, choice: str) -> dict[str, str]:
    return {
        **os.environ,
        "TOUCHSTONE_HOME": str(home.path),
        "LANGUAGE_MODEL": choice,
        "LANGUAGE_MODEL_CONTEXT": str(CONTEXT),
        "LANGUAGE_MODEL_SLOTS": "1",
        "LANGUAGE_MODEL_THREADS": "1",
    }


@contextmanager
def supervised(home: Home, model: ModelFile) -> Iterator[tuple[Supervisor, LongBell, QuietOutputs]]:
    outputs, bell = QuietOutputs(), LongBell()
    supervisor = Supervisor(outputs, bell)
    (spec,) = language_model_specs(home, model)
    try:
        supervisor.add(replace(spec, environment=environ(home, str(model.path))))
        supervisor.wait_ready(NAME, seconds=300)
        yield supervisor, bell, outputs
    finally:
        supervisor.stop()


def ask(server: Server, path: str, key: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(server.base_url.split("/")[2], timeout=300)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if content.startswith(b"{") else content.decode()


def count_running(server: Server) -> int:
    """Requests that the server works on."""
    _, figures = ask(server, "/metrics", server.key)
    (line,) = (line for line in figures.splitlines() if line.startswith("llamacpp:requests_processing "))
    return int(float(line.split()[1]))


@pytest.mark.integration
@pytest.mark.slow(seconds=20)
def test_a_supervised_server_answers_its_key_frees_what_is_left_and_comes_back(home: Home, model: ModelFile) -> None:
    with supervised(home, model) as (supervisor, bell, outputs):
        server = read_server(home)
        assert server
        assert (server.model, server.context, server.slots) == ("tiny", CONTEXT, 1)
        assert stat.S_IMODE(home.language_model.stat().st_mode) == 0o600
        check_answers(server)
        check_a_leaver_frees_the_slot(server)
        pid = int(server.process.rpartition(":")[2])
        os.kill(pid, signal.SIGKILL)
        bell.when = lambda: any(f"{NAME} ended (SIGKILL)" in line for line in outputs.said)
        supervisor.watch()
        bell.when, bell.stop_requests = lambda: False, 0
        supervisor.wait_ready(NAME, seconds=300)
        again = read_server(home)
        assert again
        assert again.key != server.key
        assert ask(again, "/v1/models", again.key)[0] == 200
        assert ask(again, "/v1/models", server.key)[0] == 401
    assert not home.language_model.exists()
    assert is_gone(int(again.process.rpartition(":")[2]))


def check_answers(server: Server) -> None:
    """Chat answers to the key alone, and in JSON of a given shape where asked."""
    chat = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 8}
    assert ask(server, "/v1/chat/completions", "other", chat)[0] == 401
    assert ask(server, "/metrics", "other")[0] == 401
    status, answer = ask(server, "/v1/chat/completions", server.key, chat)
    assert status == 200
    assert answer["model"] == "tiny"
    assert answer["usage"]["completion_tokens"] <= 8
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    strict = {"name": "shape", "schema": {**schema, "additionalProperties": False}}
    shape = {"type": "json_schema", "json_schema": strict}
    _, answer = ask(server, "/v1/chat/completions", server.key, {**chat, "max_tokens": 300, "response_format": shape})
    assert json.loads(answer["choices"][0]["message"]["content"]) in ({"ok": True}, {"ok": False})


def check_a_leaver_frees_the_slot(server: Server) -> None:
    """Who goes away in the middle of an answer, streamed or not, stops its making.

    Of one that is not streamed the server sees so only once it has answered nobody for a second: it is asked seldom.
    """
    for stream in (True, False):
        connection = http.client.HTTPConnection(server.base_url.split("/")[2], timeout=300)
        headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/completions", json.dumps({**LONG, "stream": stream}), headers)
        wait_until(lambda: count_running(server) == 1, seconds=40)
        connection.close()
        wait_until(lambda: count_running(server) == 0, seconds=40, every=2.5)
    assert ask(server, "/v1/completions", server.key, {"prompt": "a", "max_tokens": 2})[0] == 200


def run_serve(home: Home, choice: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "apps.inference.local_model.serve"]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environ(home, choice), capture_output=True, text=True, timeout=500, check=False
    )


@pytest.mark.integration
def test_a_file_that_only_begins_like_a_model_ends_the_server_in_one_line(home: Home, model: ModelFile) -> None:
    broken = home.path / "broken.gguf"
    broken.write_bytes(model.path.read_bytes()[:-20_000])
    done = run_serve(home, str(broken))
    assert done.returncode == 1
    assert "no language model: " in done.stderr
    assert "Traceback" not in done.stderr
    assert find_here(home) is None


@pytest.mark.integration
def test_serving_nothing_is_wrong_use(home: Home) -> None:
    done = run_serve(home, "off")
    assert done.returncode == 2
    assert done.stderr == "no language model: LANGUAGE_MODEL is off, and make model has fetched none\n"


def find_here(home: Home) -> Server | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOUCHSTONE_HOME", str(home.path))
        return find_server()


@pytest.mark.unit
def test_a_server_is_found_while_its_process_lives(home: Home) -> None:
    assert find_here(home) is None
    process = subprocess.Popen(["sleep", "600"])
    server = replace(NOBODY, process=identify_process(process.pid))
    write_server(home, server)
    assert find_here(home) == server
    assert not answers(home)
    process.kill()
    process.wait()
    assert find_here(home) is None
    # A number that another process was given since is not taken for it.
    write_server(home, replace(server, process=f"{server.process.rpartition(':')[0]}:{os.getpid()}"))
    assert find_here(home) is None
    home.language_model.write_text("{}")
    assert find_here(home) is None
    home.language_model.unlink()


@pytest.mark.unit
def test_to_find_it_loads_nothing_that_runs_it() -> None:
    code = (
        "import sys\n"
        "from apps.core.embedded.up import main\n"
        "from apps.inference.local_model import find_server\n"
        "find_server()\n"
        "print({'xllamacpp', 'django', 'numpy', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.unit
def test_the_model_that_is_meant_is_found(tmp_path: Path, model: ModelFile) -> None:
    assert find_model("off", tmp_path) is None
    assert find_model("auto", tmp_path) is None
    assert find_model(str(model.path), tmp_path) == model
    given = {"LANGUAGE_MODEL": str(model.path), "TOUCHSTONE_MODELS": str(tmp_path)}
    assert find_chosen_model(given) == model
    assert find_chosen_model({"TOUCHSTONE_MODELS": str(tmp_path)}) is None
    (tmp_path / "text.gguf").write_text("no model")
    for name in ("none.gguf", "text.gguf"):
        with pytest.raises(UsageError, match=f"LANGUAGE_MODEL .*{name} is not a GGUF file"):
            find_model(str(tmp_path / name), tmp_path)


@pytest.mark.unit
def test_up_has_no_such_child_without_a_model_or_what_runs_it(
    home: Home, model: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert language_model_specs(home, None) == ()
    assert describe_model(None).startswith("none: the other tiers answer")
    assert [spec.name for spec in language_model_specs(home, model)] == [NAME]
    assert describe_model(model) == "tiny"
    monkeypatch.setattr("apps.core.embedded.language_model.PACKAGE", "no_such_package")
    assert language_model_specs(home, model) == ()
    assert describe_model(model) == "tiny is there, and no_such_package, which runs it, is not: make model"


@pytest.mark.unit
def test_the_health_page_tells_of_it_and_having_none_is_no_fault(
    tmp_path: Path, model: ModelFile, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path))
    settings.LANGUAGE_MODEL = "off"
    assert check_language_model() == "none on this machine; the other tiers answer"
    settings.LANGUAGE_MODEL = str(model.path)
    with pytest.raises(Unhealthy, match="tiny is loading or does not run; the other tiers answer"):
        check_language_model()
    settings.LANGUAGE_MODEL = str(tmp_path / "none.gguf")
    with pytest.raises(Unhealthy, match="is not a GGUF file that can be read; the other tiers answer"):
        check_language_model()
