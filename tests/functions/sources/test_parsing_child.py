import io
import json

import pytest

from apps.functions.sources import parsing_child

pytestmark = pytest.mark.unit

SOURCE = b"def f(a):\n    return a + 1\n"


def ask(*requests: tuple[dict, bytes]) -> list[dict]:
    asked = b"".join(
        json.dumps({**header, "size": len(source)}).encode() + b"\n" + source for header, source in requests
    )
    answers = io.BytesIO()
    parsing_child.serve(io.BytesIO(asked), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def allowed(monkeypatch):
    """The limits are for a process of its own, not for that of the tests."""
    allowed = []
    monkeypatch.setattr(parsing_child.resource, "setrlimit", lambda kind, limits: allowed.append((kind, limits)))
    return allowed


def test_answers_in_the_order_of_the_requests(allowed):
    file = {"language": "python", "path": "a.py", "include_tests": False}
    first, second, third = ask(
        (file, SOURCE + b"def g(): pass\n"),
        ({"language": "python", "name": "f"}, SOURCE),
        ({"language": "go", "name": "f"}, b""),
    )
    assert [row[0] for row in first["functions"]] == ["f"]
    assert (first["skipped"], first["errors"]) == ([[3, "empty body"]], 0)
    assert [row[3] for row in second["functions"]] == ["def f(a)"]
    assert third == {"functions": []}
    assert len(allowed) == 3


def test_every_request_has_its_seconds(allowed):
    parsing_child.allow_seconds(10)
    ((kind, (soft, hard)),) = allowed
    assert kind == parsing_child.resource.RLIMIT_CPU
    assert soft > 10
    assert hard == parsing_child.resource.RLIM_INFINITY


def test_a_request_beyond_the_memory_ends_the_process_in_its_own_way(monkeypatch):
    class Ended(BaseException):
        pass

    def end(status):
        raise Ended(status)

    def run_out(request, source):
        raise MemoryError

    monkeypatch.setattr(parsing_child.os, "_exit", end)
    monkeypatch.setattr(parsing_child, "answer", run_out)
    with pytest.raises(Ended, match=str(parsing_child.OUT_OF_MEMORY)):
        ask(({}, b""))


def test_main_takes_limits_and_serves(allowed, monkeypatch):
    class Pipe:
        buffer = io.BytesIO()

    monkeypatch.setattr(parsing_child.sys, "stdin", Pipe)
    monkeypatch.setattr(parsing_child.sys, "stdout", Pipe)
    parsing_child.main()
    memory = parsing_child.MEMORY_BYTES
    assert (parsing_child.resource.RLIMIT_AS, (memory, memory)) in allowed
