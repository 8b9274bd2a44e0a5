"""Each step a test can ask for, as a real client of OpenAI meets it, and what it costs by the server's own count."""

from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.core.embedded.processes import wait_until
from tests.scripted import ScriptedServer
from tests.scripted.answers import LENGTH, write_words
from tests.scripted.models import CHAT

pytestmark = pytest.mark.integration
QUESTION = "How are you?"
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]
PROMPT = 8
"""Four words and marks, and four for the message."""


def ask(client: openai.OpenAI, model: str = CHAT, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=MESSAGES, **more)


def read(events: Any) -> str:
    return "".join(event.choices[0].delta.content or "" for event in events if event.choices)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_errors_are_those_of_the_protocol_and_cost_nothing(
    status: int, kind: type[openai.APIStatusError], server: ScriptedServer, client: openai.OpenAI
) -> None:
    server.script(CHAT, {"status": status, "retry_after": 1.5})
    with pytest.raises(kind) as caught:
        ask(client)
    assert caught.value.response.headers["retry-after"] == "1.5"
    assert caught.value.request_id
    assert set(caught.value.body or ()) == {"message", "type", "param", "code"}  # type: ignore[call-overload]
    counts = server.count(CHAT)
    assert (counts["outcomes"], counts["prompt_tokens"], counts["completion_tokens"]) == ({f"status_{status}": 1}, 0, 0)
    assert ask(client).choices[0].message.content == write_words(QUESTION, LENGTH)


def test_steps_are_taken_in_turn_by_each_model_alone(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script("mine", {"status": 500}, {"content": "Fine."}, always={"content": "As ever."})
    assert ask(client).usage.prompt_tokens == PROMPT
    with pytest.raises(openai.InternalServerError):
        ask(client, "mine")
    assert [ask(client, "mine").choices[0].message.content for _ in range(3)] == ["Fine.", "As ever.", "As ever."]
    assert "mine" in [model.id for model in client.models.list()]


def test_the_client_itself_tries_again_after_429(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"status": 429, "retry_after": 0}, {"status": 503, "retry_after": 0})
    assert ask(client.with_options(max_retries=2)).choices[0].finish_reason == "stop"
    assert server.count(CHAT)["outcomes"] == {"status_429": 1, "status_503": 1, "ok": 1}


def test_a_cut_stream_is_noticed_and_costs_what_was_sent(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"cut_after": 3, "per_chunk": 2})
    with pytest.raises(openai.APIConnectionError):
        read(ask(client, stream=True))
    counts = server.count(CHAT)
    assert (counts["outcomes"], counts["prompt_tokens"], counts["completion_tokens"]) == ({"cut": 1}, PROMPT, 6)


def test_a_cut_body_and_a_reset_are_lost_connections(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"cut_after": 0}, {"reset": True})
    for _ in range(2):
        with pytest.raises(openai.APIConnectionError):
            ask(client)
    counts = server.count(CHAT)
    assert (counts["outcomes"], counts["completion_tokens"]) == ({"cut": 1, "reset": 1}, LENGTH)


def test_an_error_within_a_stream(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"error_after": 2})
    with pytest.raises(openai.APIError, match="had an error"):
        read(ask(client, stream=True))
    assert server.count(CHAT)["completion_tokens"] == 2


@pytest.mark.parametrize("stream", [False, True])
def test_wrong_json(stream: bool, server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"wrong_json": True})
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        read(ask(client, stream=stream))
    counts = server.count(CHAT)
    assert counts["requests"] == 1
    assert counts["prompt_tokens"] == PROMPT


def test_what_a_proxy_in_between_answers(server: ScriptedServer) -> None:
    server.script(CHAT, {"status": 502, "raw": "<h1>Bad gateway</h1>"})
    answer = httpx2.post(
        f"{server.base_url}/chat/completions",
        headers={"authorization": f"Bearer {server.key}"},
        json={"model": CHAT, "messages": MESSAGES},
        timeout=60,
    )
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (
        502,
        "text/html",
        "<h1>Bad gateway</h1>",
    )


@pytest.mark.parametrize("step", [{"hang": True}, {"delay": 600}])
def test_a_client_that_waits_no_longer_is_counted(
    step: dict[str, Any], server: ScriptedServer, client: openai.OpenAI
) -> None:
    server.script(CHAT, step)
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.2))
    # It may see the request only when the client has left.
    wait_until(lambda: server.count(CHAT).get("outcomes") == {"left": 1})
    assert server.count(CHAT)["prompt_tokens"] == 0


def test_a_client_that_leaves_a_stream_pays_for_what_was_sent(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"tokens": 1_000, "hang_after": 5})
    with ask(client, stream=True) as events:
        for event in events:
            if event.choices[0].delta.content:
                break
    server.wait_until_idle()
    counts = server.count(CHAT)
    assert (counts["streams"], counts["streams_left"], counts["outcomes"]) == (1, 1, {"left": 1})
    assert 1 <= counts["completion_tokens"] <= 5


def test_late_requests_are_counted(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.set_deadline(3600)
    ask(client)
    server.set_deadline(-1)
    ask(client)
    assert (server.count(CHAT)["requests"], server.count(CHAT)["after_deadline"]) == (2, 1)


def test_usage_can_be_left_out(server: ScriptedServer, client: openai.OpenAI) -> None:
    server.script(CHAT, {"no_usage": True}, {"no_usage": True})
    assert ask(client).usage is None
    events = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert not any(event.usage for event in events)


def test_a_step_that_does_not_exist_is_refused(server: ScriptedServer) -> None:
    with pytest.raises(ValueError, match="no step has staus"):
        server.script(CHAT, {"staus": 500})
