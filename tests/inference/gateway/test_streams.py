"""Streams on the wire: their events, their ends, and clients that leave or do not read."""

import time
from itertools import takewhile

import pytest

from tests.core.embedded.processes import wait_until
from tests.inference.gateway.conftest import Front
from tests.inference.gateway.streams import open_socket, read_events, read_lines
from tests.scripted import ScriptedServer
from tests.scripted.models import CHAT

pytestmark = [pytest.mark.integration]

HELLO = [{"role": "user", "content": "Hello"}]


def ask(model: str, **more: object) -> dict[str, object]:
    return {"model": model, "messages": HELLO, "stream": True, **more}


def test_a_stream_is_events_and_ends_with_done(front: Front) -> None:
    with open_socket(front.gateway, front.token, ask(CHAT, stream_options={"include_usage": True})) as stream:
        lines = list(read_lines(stream))
    head = {line.partition(":")[0].lower(): line.partition(": ")[2] for line in lines if not line.startswith("data:")}
    assert "200" in lines[0]
    assert head["content-type"].startswith("text/event-stream")
    assert head["x-touchstone-model"] == CHAT
    assert head["x-touchstone-tier"] == "large"
    assert len(head["x-touchstone-trace"]) == 32
    events = read_events(iter(lines))
    assert events[-1] == "[DONE]"
    assert events[-2]["usage"]["completion_tokens"] > 0
    assert all(event["object"] == "chat.completion.chunk" and event["model"] == CHAT for event in events[:-1])


def test_parts_are_sent_as_they_come(front: Front, scripted: ScriptedServer) -> None:
    with open_socket(front.gateway, front.token, ask("scripted-long")) as stream:
        lines = read_lines(stream)
        # Its model never ends.
        assert next(line for line in lines if line.startswith("data:"))
        assert scripted.counts()["open"] == 1


def test_an_error_before_the_first_part_has_its_status(front: Front) -> None:
    answered = front.chat(model="scripted-broken", stream=True)
    assert answered.status == 502
    assert answered.body["error"]["code"] == "inference"


def test_a_stream_that_is_cut_ends_with_an_error(front: Front) -> None:
    with open_socket(front.gateway, front.token, ask("scripted-cut")) as stream:
        events = read_events(read_lines(stream))
    assert "[DONE]" not in events
    assert events[0]["choices"]
    assert events[-1]["error"]["type"] == "api_error"


def test_who_leaves_ends_the_answer_at_its_model(front: Front, scripted: ScriptedServer) -> None:
    with open_socket(front.gateway, front.token, ask("scripted-long")) as stream:
        next(line for line in read_lines(stream) if line.startswith("data:"))
    scripted.wait_until_idle()
    counts = scripted.count("scripted-long")
    assert (counts["streams_left"], counts["outcomes"]) == (1, {"left": 1})


@pytest.mark.parametrize("is_stream", [False, True])
def test_who_leaves_before_anything_came_does_too(front: Front, scripted: ScriptedServer, is_stream: bool) -> None:
    body = {**ask("scripted-hang"), "stream": is_stream}
    with open_socket(front.gateway, front.token, body):
        wait_until(lambda: scripted.counts()["open"] == 1)
    scripted.wait_until_idle()


def test_who_does_not_read_holds_up_the_model(front: Front, scripted: ScriptedServer) -> None:
    # More than the system takes in for four sockets.
    words = 6000
    scripted.script("endless", always={"content": " ".join(["x" * 10_000] * words), "tokens": words})
    front.add_model("endless", max_output_tokens=words, context_tokens=words)
    before = front.gateway.worker.memory_info().rss
    with open_socket(front.gateway, front.token, ask("endless", max_tokens=words), buffer=4096) as stream:
        stream.recv(1000)
        assert wait_until_still(scripted, "endless") < words - 100
        assert front.gateway.worker.memory_info().rss - before < 32 * 1024 * 1024
        assert front.chat().status == 200
    scripted.wait_until_idle()


def wait_until_still(scripted: ScriptedServer, model: str) -> int:
    """The tokens sent when for half a second no more were."""
    sent, until = -1, time.monotonic() + 120
    while time.monotonic() < until:
        now = scripted.count(model).get("completion_tokens", 0)
        if now and now == sent:
            return now
        sent = now
        time.sleep(0.5)
    raise AssertionError(f"{model} goes on: {sent}")


def test_text_is_the_same_as_the_whole_answers(front: Front) -> None:
    with open_socket(front.gateway, front.token, ask(CHAT)) as stream:
        events = takewhile(lambda event: event != "[DONE]", read_events(read_lines(stream)))
        text = "".join(event["choices"][0]["delta"].get("content") or "" for event in events)
    assert text == front.chat("Hello").body["choices"][0]["message"]["content"]
